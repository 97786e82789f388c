import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { unbuild } from "../../../src/dkms/verbs/unbuild.ts";
import type { TreeBuilder } from "../../rig/tree-builder.ts";
import { demo, expectDone, expectUndoable, expectUntouched, release, trees, verbWorld } from "../../rig/verb-world.ts";

const unbuilding = suite<{ tree: TreeBuilder }>("unbuild");
const instance = demo();

unbuilding.before.each((context) => {
  context.tree = verbWorld();
});
unbuilding.after.each(({ tree }) => tree.remove());

unbuilding("removes a build, and can bring it back", async ({ tree }) => {
  tree.module("demo/1.0").built(release);
  await expectUndoable(tree, () => unbuild(tree.host(), instance));
  assert.equal(fs.readdirSync(tree.at("var/lib/dkms/demo/1.0")), ["source"]);
});

unbuilding("leaves builds for other architectures and kernels", async ({ tree }) => {
  tree.module("demo/1.0").built(release).built(release, { arch: "i686" }).built("6.1.0-2");
  expectDone(await unbuild(tree.host(), instance)).undo.commit();
  assert.equal(fs.readdirSync(tree.at("var/lib/dkms/demo/1.0", release)), ["i686"]);
  assert.ok(fs.existsSync(tree.at("var/lib/dkms/demo/1.0/6.1.0-2/x86_64/module")));
});

unbuilding("does nothing when nothing is built", async ({ tree }) => {
  tree.module("demo/1.0");
  const before = trees(tree);
  assert.is(expectDone(await unbuild(tree.host(), instance)).changed, false);
  assert.equal(trees(tree), before);
});

unbuilding("refuses what is installed", async ({ tree }) => {
  tree.module("demo/1.0").installed(release);
  const failure = await expectUntouched(tree, "E_PRECONDITION", () => unbuild(tree.host(), instance));
  assert.match(failure.message, /demo\/1\.0@6\.1\.0-1\/x86_64 is installed/);
});

unbuilding("refuses a module that is not in the tree", async ({ tree }) => {
  await expectUntouched(tree, "E_NOT_IN_TREE", () => unbuild(tree.host(), instance));
});

unbuilding.run();
