import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openWorkshop } from "../../src/apply/workshop.ts";
import { assemblePlan } from "../../src/plan/assemble-plan.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";
import { actualState, desiredState } from "../rig/world.ts";

const workshop = suite<{ tree: TreeBuilder }>("openWorkshop");

workshop.before.each((context) => {
  context.tree = dkmsTree();
  fs.mkdirSync(context.tree.host().paths.state, { recursive: true });
});
workshop.after.each(({ tree }) => tree.remove());

const { steps } = assemblePlan(
  desiredState({ "one/1": {}, "two/1": {} }),
  actualState({ sources: { "one/1": { inTree: "s" }, "two/1": { inTree: "s" } } }),
);

for (const jobsAsked of [false, true])
  workshop(
    jobsAsked ? "runs no job more than was asked for" : "lets the last build begin beside those before it",
    async ({ tree }) => {
      const { pool, begin, close } = await openWorkshop(tree.host(), { steps, jobs: 1, jobsAsked });
      begin();
      const first = await pool?.take();
      let came = false;
      const second = pool?.take().then((slot) => {
        came = true;
        return slot;
      });
      await fs.promises.readdir(tree.root);
      assert.not(came);
      begin();
      if (jobsAsked) {
        await fs.promises.readdir(tree.root);
        assert.not(came);
        first?.giveBack();
      }
      (await second)?.giveBack();
      if (!jobsAsked) first?.giveBack();
      await close();
    },
  );

workshop.run();
