import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as layout from "../../src/dkms/tree-layout.ts";
import { createHost } from "../../src/host/create-host.ts";

const { paths } = createHost({ root: "/", dkmsTree: "/d", sourceTree: "/s", installTree: "/i" });
const module = { name: "hello", version: "1.0" };
const kernel = { release: "6.1.0-1", arch: "x86_64" };
const instance = { module, kernel };

const treeLayout = suite("treeLayout");

treeLayout("is dell/dkms's to the letter", () => {
  assert.is(layout.moduleDirectory(paths, module), "/d/hello/1.0");
  assert.is(layout.sourceLink(paths, module), "/d/hello/1.0/source");
  assert.is(layout.sourceDirectory(paths, module), "/s/hello-1.0");
  assert.is(layout.buildLog(paths, module), "/d/hello/1.0/build/make.log");
  assert.is(layout.tarballDirectory(paths, module), "/d/hello/1.0/tarball");
  assert.is(layout.moduleObjectsDirectory(paths, instance), "/d/hello/1.0/6.1.0-1/x86_64/module");
  assert.is(layout.dependencyMark(paths, instance, "base"), "/d/hello/1.0/6.1.0-1/x86_64/.dep_base");
  assert.is(layout.stagingPrefix(paths, instance), "/d/hello/1.0/6.1.0-1/.tmp_x86_64_");
  assert.is(layout.activeLink(paths, "hello", kernel), "/d/hello/kernel-6.1.0-1-x86_64");
  assert.is(layout.activeObjectsDirectory(paths, "hello", kernel), "/d/hello/kernel-6.1.0-1-x86_64/module");
  assert.is(layout.activeLinkTarget(instance), "1.0/6.1.0-1/x86_64");
  assert.is(layout.originalsDirectory(paths, "hello", kernel), "/d/hello/original_module/6.1.0-1/x86_64");
  assert.is(layout.collisionsDirectory(paths, "hello", kernel), "/d/hello/original_module/6.1.0-1/x86_64/collisions");
  assert.is(layout.kernelDirectory(paths, "6.1.0-1"), "/i/6.1.0-1");
});

treeLayout("hides the build record from dell/dkms", () => {
  assert.is(layout.buildRecordFile(paths, instance), "/d/hello/1.0/6.1.0-1/x86_64/.dkms-agent-build.json");
});

treeLayout("refuses every name that would lead elsewhere", () => {
  for (const name of ["..", ".", "", "a/b", "/etc", "a\0b", "-rf", ".hidden"]) {
    assert.throws(() => layout.moduleDirectory(paths, { name, version: "1" }), "cannot be part of a path");
    assert.throws(() => layout.sourceDirectory(paths, { name: "a", version: name }), "cannot be part of a path");
    assert.throws(() => layout.kernelDirectory(paths, name), "cannot be part of a path");
    assert.throws(() => layout.activeLink(paths, "a", { release: "1", arch: name }), "cannot be part of a path");
    assert.throws(() => layout.dependencyMark(paths, instance, name), "cannot be part of a path");
  }
});

treeLayout.run();

const isReleaseName = suite("isReleaseName");

isReleaseName("knows a kernel by digits and a dot", () => {
  for (const name of ["6.1.0-1", "05.1", "6.", "6.x", "66.1"]) assert.ok(layout.isReleaseName(name), name);
  for (const name of ["source", "build", "6x.1", "x6.1", "6", "6-1.2"]) assert.not(layout.isReleaseName(name), name);
});

isReleaseName.run();
