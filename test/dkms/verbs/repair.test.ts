import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readTree } from "../../../src/dkms/read-tree.ts";
import { add } from "../../../src/dkms/verbs/add.ts";
import { build } from "../../../src/dkms/verbs/build.ts";
import { repair } from "../../../src/dkms/verbs/repair.ts";
import { filesKilledAt } from "../../rig/interrupted-files.ts";
import { testNeeding } from "../../rig/test-needing.ts";
import type { TreeBuilder } from "../../rig/tree-builder.ts";
import {
  demo,
  expectDone,
  expectUndoable,
  expectUntouched,
  release,
  trees,
  verbWorld,
  writeSource,
} from "../../rig/verb-world.ts";

const repairing = suite<{ tree: TreeBuilder }>("repair");
const instance = demo();
const { module } = instance;
const hidden = ".dkms-agent-demo.0123456789ab";

repairing.before.each((context) => {
  context.tree = verbWorld();
});
repairing.after.each(({ tree }) => tree.remove());

repairing("does nothing to a sound module", async ({ tree }) => {
  tree.module("demo/1.0").installed(release);
  const before = trees(tree);
  assert.is(expectDone(await repair(tree.host(), { module })).changed, false);
  assert.equal(trees(tree), before);
});

repairing("mends a dangling and a missing link", async ({ tree }) => {
  writeSource(tree);
  tree.link("/nowhere", "var/lib/dkms/demo/1.0/source");
  await expectUndoable(tree, () => repair(tree.host(), { module }));
  assert.is(readTree(tree.host()).modules[0]?.link, "linked");
  fs.rmSync(tree.at("var/lib/dkms/demo/1.0/source"));
  await expectUndoable(tree, () => repair(tree.host(), { module }));
  assert.is(readTree(tree.host()).modules[0]?.link, "linked");
});

repairing("removes what killed runs left of this version, and nothing else", async ({ tree }) => {
  tree.module("demo/1.0").installed(release);
  tree.write(`var/lib/dkms/demo/2.0/${release}/.tmp_x86_64_x/module/demo.ko`, "");
  tree.write(`var/lib/dkms/demo/${hidden}`, "");
  tree.write(`lib/modules/${release}/updates/dkms/${hidden}`, "");
  const before = trees(tree);
  tree.write("var/lib/dkms/demo/1.0/build/x.o", "");
  tree.write(`var/lib/dkms/demo/1.0/${hidden}/x`, "");
  tree.write(`var/lib/dkms/demo/1.0/tarball/${hidden}`, "");
  tree.write(`var/lib/dkms/demo/1.0/${release}/.tmp_x86_64_x/module/demo.ko`, "");
  tree.link(".tmp_x86_64_x", `var/lib/dkms/demo/1.0/${release}/i686`);
  tree.write("var/lib/dkms/demo/1.0/9.9.9/.tmp_x86_64_x/module/demo.ko", "");
  const { changed, notices } = expectDone(await repair(tree.host(), { module }));
  assert.ok(changed);
  assert.is(notices.length, 6);
  assert.equal(trees(tree), before);
});

repairing("brings back a build whose successor never came", async ({ tree }) => {
  tree.module("demo/1.0").installed(release);
  const before = trees(tree);
  const directory = tree.at("var/lib/dkms/demo/1.0", release);
  fs.renameSync(`${directory}/x86_64`, `${directory}/.dkms-agent-demo.x86_64.0123456789ab`);
  const { notices } = expectDone(await repair(tree.host(), { module }));
  assert.match(notices.join(), /was moved aside and is back/);
  assert.equal(trees(tree), before);
});

testNeeding(repairing, ["gcc", "make"], "converges after a build was killed at any moment", async () => {
  for (let number = 1; ; number++) {
    const tree = verbWorld();
    try {
      writeSource(tree, { conf: "POST_BUILD=x.sh\n", scripts: { "x.sh": "true\n" } });
      expectDone(await add(tree.host(), { module })).undo.commit();
      expectDone(await build(tree.host(), instance)).undo.commit();
      const { files, writes } = filesKilledAt(number);
      const result = await build(tree.host({ files }), instance, { replace: true });
      if (writes() < number) return assert.ok(number > 15 && result.ok);
      expectDone(await repair(tree.host(), { module })).undo.commit();
      const found = readTree(tree.host()).modules[0];
      assert.equal([found?.instances.length, found?.leftovers], [1, []], `write ${number}`);
      assert.ok(fs.existsSync(tree.at("var/lib/dkms/demo/1.0", release, "x86_64/.dkms-agent-build.json")));
    } finally {
      tree.remove();
    }
  }
});

repairing("refuses a module whose source is nowhere", async ({ tree }) => {
  tree.module("demo/1.0", { link: "dangling" });
  const failure = await expectUntouched(tree, "E_BROKEN_MODULE", () => repair(tree.host(), { module }));
  assert.match(failure.remedy ?? "", /usr\/src\/demo-1\.0/);
});

repairing("refuses a module that is not in the tree", async ({ tree }) => {
  await expectUntouched(tree, "E_NOT_IN_TREE", () => repair(tree.host(), { module }));
});

repairing.run();
