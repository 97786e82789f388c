import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readKernel, readKernels } from "../../src/dkms/read-kernels.ts";
import { createHost } from "../../src/host/create-host.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";

interface Context {
  tree: TreeBuilder;
}

const many = suite<Context>("readKernels");
many.before.each((context) => {
  context.tree = dkmsTree();
});
many.after.each(({ tree }) => tree.remove());

many("sorts kernels as their numbers go, and takes every directory for one", ({ tree }) => {
  for (const release of ["6.10.0-1", "6.9.0-1", "6.9.0-10", "6.9.0-9"]) tree.kernel(release);
  fs.mkdirSync(tree.at("lib/modules/5.4-gone"));
  fs.symlinkSync("6.9.0-9", tree.at("lib/modules/7.0-linked"));
  tree.write("lib/modules/kernel.list", "");
  fs.mkdirSync(tree.at("lib/modules/.hidden"));
  fs.symlinkSync("nowhere", tree.at("lib/modules/8.0-dangling"));
  const kernels = readKernels(tree.host());
  assert.equal(
    kernels.map(({ id }) => id.release),
    ["5.4-gone", "6.9.0-1", "6.9.0-9", "6.9.0-10", "6.10.0-1", "7.0-linked"],
  );
  assert.equal(kernels[0], {
    id: { release: "5.4-gone", arch: "x86_64" },
    directory: tree.at("lib/modules/5.4-gone"),
    headers: undefined,
    hasModulesDep: false,
    isInstalled: false,
    compression: "none",
  });
});

many("finds none where there is no install tree", ({ tree }) => {
  fs.rmSync(tree.at("lib"), { recursive: true });
  assert.equal(readKernels(tree.host()), []);
});

testNeeding(many, ["headers"], "sees the headers of this machine's kernels", (part) => {
  const { kernels } = part("headers");
  const here = kernels.filter(({ release }) => fs.existsSync(`/lib/modules/${release}/build/include`));
  const read = readKernels(createHost());
  for (const { release } of here) {
    const kernel = read.find(({ id }) => id.release === release);
    assert.is(kernel?.headers?.directory, `/lib/modules/${release}/build`);
  }
  const digests = read.flatMap(({ headers }) => headers?.digest ?? []);
  assert.is(new Set(digests).size, digests.length);
});

many.run();

const one = suite<Context>("readKernel");
one.before.each((context) => {
  context.tree = dkmsTree();
});
one.after.each(({ tree }) => tree.remove());
const id = { release: "6.1.0-1", arch: "x86_64" };

one("looks for an absolute build link inside the root first", ({ tree }) => {
  tree.kernel(id.release);
  const kernel = readKernel(tree.host(), id);
  assert.is(kernel?.headers?.directory, tree.at("usr/src/linux-headers-6.1.0-1"));
  assert.match(kernel?.headers?.digest ?? "", /^[0-9a-f]{64}$/);
  assert.ok(kernel?.hasModulesDep);
  assert.ok(kernel?.isInstalled);
});

one("what depmod has left of a kernel whose package was removed is no kernel", ({ tree }) => {
  for (const file of ["modules.dep", "modules.dep.bin", "modules.builtin.bin", "modules.symbols"])
    tree.write(`lib/modules/6.1.0-1/${file}`, "");
  const { hasModulesDep, isInstalled } = readKernel(tree.host(), id) ?? {};
  assert.equal([hasModulesDep, isInstalled], [true, false]);
  for (const file of ["modules.builtin", "modules.order", "kernel/a.ko"]) {
    tree.write(`lib/modules/6.1.0-1/${file}`, "");
    assert.ok(readKernel(tree.host(), id)?.isInstalled, file);
    fs.rmSync(tree.at("lib/modules/6.1.0-1", file.split("/")[0] ?? ""), { recursive: true });
  }
});

one("takes the build link as it stands where the root has no such place", ({ tree }) => {
  const outside = fs.mkdtempSync(`${tree.root}-outside-`);
  try {
    fs.mkdirSync(`${outside}/include`);
    tree.link(outside, "lib/modules/6.1.0-1/build");
    assert.is(readKernel(tree.host(), id)?.headers?.directory, tree.at("lib/modules/6.1.0-1/build"));
  } finally {
    fs.rmSync(outside, { recursive: true });
  }
});

one("has no headers behind a dangling link, or without include/", ({ tree }) => {
  tree.link("/usr/src/nowhere", "lib/modules/6.1.0-1/build");
  assert.is(readKernel(tree.host(), id)?.headers, undefined);
  tree.write("usr/src/nowhere/Makefile", "");
  assert.is(readKernel(tree.host(), id)?.headers, undefined);
});

one("does not know a kernel that is not there", ({ tree }) => {
  assert.is(readKernel(tree.host(), id), undefined);
});

one("digests configuration, symbols and release, and no other header", ({ tree }) => {
  tree.kernel(id.release);
  const digest = () => readKernel(tree.host(), id)?.headers?.digest;
  const headers = "usr/src/linux-headers-6.1.0-1";
  const first = digest();
  tree.write(`${headers}/include/linux/module.h`, "/* changed */");
  tree.write(`${headers}/.config`, "CONFIG_OTHER=y\n");
  assert.is(digest(), first);
  const seen = new Set([first]);
  for (const file of ["include/config/auto.conf", "Module.symvers", "include/generated/utsrelease.h"]) {
    tree.write(`${headers}/${file}`, "changed");
    seen.add(digest());
  }
  fs.rmSync(tree.at(headers, "include/config/auto.conf"));
  seen.add(digest());
  tree.write(`${headers}/.config`, "CONFIG_ANOTHER=y\n");
  seen.add(digest());
  assert.is(seen.size, 6);
});

for (const compressed of ["gz", "xz", "zst"] as const) {
  one(`sees that the kernel's own modules are compressed with ${compressed}`, ({ tree }) => {
    tree.kernel(id.release, { compressed });
    tree.write("lib/modules/6.1.0-1/updates/dkms/other.ko", "");
    assert.is(readKernel(tree.host(), id)?.compression, compressed);
  });
}

one("compresses nothing for a kernel whose own modules are not compressed", ({ tree }) => {
  tree.kernel(id.release);
  tree.write("lib/modules/6.1.0-1/updates/dkms/other.ko.xz", "");
  assert.is(readKernel(tree.host(), id)?.compression, "none");
});

one.run();
