import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { unsignedPolicy } from "../../../src/dkms/engine-policy.ts";
import { add } from "../../../src/dkms/verbs/add.ts";
import { build } from "../../../src/dkms/verbs/build.ts";
import { install } from "../../../src/dkms/verbs/install.ts";
import { uninstall } from "../../../src/dkms/verbs/uninstall.ts";
import { filesWatchedBy } from "../../rig/interrupted-files.ts";
import type { TreeBuilder } from "../../rig/tree-builder.ts";
import { demo, expectDone, expectUndoable, release, trees, verbWorld, writeSource } from "../../rig/verb-world.ts";

const links = suite<{ tree: TreeBuilder }>("objects installed as links");
links.before.each((context) => {
  context.tree = verbWorld();
});
links.after.each(({ tree }) => tree.remove());

const policy = { ...unsignedPolicy, symlinkModules: true };
const place = `lib/modules/${release}/updates/dkms/demo_a.ko`;
const module = `var/lib/dkms/demo/1.0/${release}/x86_64/module`;

async function built(tree: TreeBuilder): Promise<void> {
  writeSource(tree);
  expectDone(await add(tree.host(), { module: demo().module })).undo.commit();
  expectDone(await build(tree.host(), demo())).undo.commit();
}

links("are put in, taken out, and both can be taken back", async ({ tree }) => {
  await built(tree);
  await expectUndoable(tree, () => install(tree.host(), demo(), { policy }));
  assert.is(fs.realpathSync(tree.at(place)), tree.at(module, "demo_a.ko"));
  assert.not.match(fs.readlinkSync(tree.at(place)), tree.root, "below a root the link leads there from both sides");
  assert.not.ok(expectDone(await install(tree.host(), demo())).changed, "a link is as good as a copy");
  await expectUndoable(tree, () => uninstall(tree.host(), demo()));
  assert.not.ok(fs.existsSync(tree.at(`lib/modules/${release}/updates`)));
});

links("outlive a build that replaces theirs, and its undo", async ({ tree }) => {
  await built(tree);
  expectDone(await install(tree.host(), demo(), { policy })).undo.commit();
  writeSource(tree, { filling: "new" });
  await expectUndoable(tree, () => build(tree.host(), demo(), { replace: true }));
  assert.is(fs.realpathSync(tree.at(place)), tree.at(module, "demo_a.ko"));
  assert.ok(fs.readFileSync(tree.at(place), "latin1").includes("new"));
});

links("lead to an object after every write of a build that replaces theirs", async ({ tree }) => {
  await built(tree);
  expectDone(await install(tree.host(), demo(), { policy })).undo.commit();
  writeSource(tree, { filling: "new" });
  const ends: boolean[] = [];
  const { files } = filesWatchedBy(() => ends.push(fs.existsSync(tree.at(place))));
  expectDone(await build(tree.host({ files }), demo(), { replace: true })).undo.commit();
  assert.ok(ends.length > 15 && ends.every(Boolean));
});

links("of the module are removed, wherever they lie and whether they lead to anything or not", async ({ tree }) => {
  await built(tree);
  expectDone(await install(tree.host(), demo(), { policy })).undo.commit();
  const before = trees(tree);
  tree.link(tree.at(module, "demo_a.ko"), `lib/modules/${release}/extra/demo_a.ko`);
  tree.link(
    tree.at("var/lib/dkms/demo/0.9", release, "x86_64/module/demo_b.ko"),
    `lib/modules/${release}/old/demo_b.ko`,
  );
  expectDone(await install(tree.host(), demo(), { policy })).undo.commit();
  assert.equal(trees(tree), before);
});

links("of others are nobody's originals", async ({ tree }) => {
  await built(tree);
  tree.link("/nowhere/demo_a.ko", `lib/modules/${release}/weak-updates/demo_a.ko`);
  tree.link(
    tree.at("var/lib/dkms/other/1.0", release, "x86_64/module/demo_b.ko"),
    `lib/modules/${release}/extra/demo_b.ko`,
  );
  expectDone(await install(tree.host(), demo(), { policy })).undo.commit();
  assert.not.ok(fs.existsSync(tree.at("var/lib/dkms/demo/original_module")));
  assert.is(fs.readlinkSync(tree.at(`lib/modules/${release}/weak-updates/demo_a.ko`)), "/nowhere/demo_a.ko");
});

links.run();
