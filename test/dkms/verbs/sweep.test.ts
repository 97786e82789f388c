import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sweep } from "../../../src/dkms/verbs/sweep.ts";
import type { TreeBuilder } from "../../rig/tree-builder.ts";
import { expectDone, release, trees, verbWorld } from "../../rig/verb-world.ts";

const sweeping = suite<{ tree: TreeBuilder }>("sweep");
const name = "demo";
const hidden = ".dkms-agent-demo.0123456789ab";

sweeping.before.each((context) => {
  context.tree = verbWorld();
});
sweeping.after.each(({ tree }) => tree.remove());

sweeping("does nothing where nothing was left", async ({ tree }) => {
  tree.module("demo/1.0").installed(release);
  const before = trees(tree);
  assert.is(expectDone(await sweep(tree.host(), { name })).changed, false);
  assert.equal(trees(tree), before);
});

sweeping("removes what was left of a package in all three trees, whatever its versions are", async ({ tree }) => {
  tree.module("demo/1.0").installed(release);
  const before = trees(tree);
  tree.write(`usr/src/${hidden}/x.c`, "");
  tree.write(`var/lib/dkms/demo/${hidden}/1.0/source`, "");
  tree.write(`var/lib/dkms/demo/original_module/${release}/x86_64/${hidden}`, "");
  tree.link("2.0/5.0/x86_64", "var/lib/dkms/demo/kernel-5.0-x86_64");
  fs.mkdirSync(tree.at("var/lib/dkms/demo/2.0"));
  tree.write(`lib/modules/${release}/updates/dkms/${hidden}`, "");
  tree.write(`lib/modules/${release}/extra/${hidden}`, "");
  tree.write(`lib/modules/${release}/kernel/.dkms-agent-0123456789ab`, "");
  const { changed, notices } = expectDone(await sweep(tree.host(), { name }));
  assert.ok(changed);
  assert.is(notices.length, 8);
  assert.equal(trees(tree), before);
});

sweeping(
  "leaves neither the package's directory nor empty ones in a kernel when no version is left",
  async ({ tree }) => {
    const before = trees(tree);
    tree.write(`var/lib/dkms/demo/${hidden}`, "");
    fs.mkdirSync(tree.at("lib/modules", release, "updates/dkms"), { recursive: true });
    expectDone(await sweep(tree.host(), { name })).undo.commit();
    assert.equal(trees(tree), before);
  },
);

sweeping("leaves what lies inside a version, what is of other packages, and what holds a file", async ({ tree }) => {
  tree.module("demo/1.0").installed(release);
  tree.write("var/lib/dkms/demo/1.0/build/x.o", "");
  tree.write(`var/lib/dkms/demo/1.0/${release}/.dkms-agent-demo.x86_64.0123456789ab/module/demo.ko`, "");
  tree.write("var/lib/dkms/demo/notes/of-the-administrator", "");
  tree.write("var/lib/dkms/other/.dkms-agent-other.0123456789ab", "");
  tree.write(`lib/modules/${release}/updates/dkms/.dkms-agent-other.0123456789ab`, "");
  tree.write(`lib/modules/${release}/updates/dkms/.dkms-agent-demo.2.0123456789ab`, "");
  const before = trees(tree);
  assert.is(expectDone(await sweep(tree.host(), { name })).changed, false);
  assert.equal(trees(tree), before);
});

sweeping.run();
