import { suite } from "uvu";
import * as assert from "uvu/assert";
import { assemblePlan } from "../../src/plan/assemble-plan.ts";
import { restrictPlan } from "../../src/plan/restrict-plan.ts";
import { actualState, desiredState } from "../rig/world.ts";

const restrict = suite("restrictPlan");

restrict("keeps what its steps make, and lets nothing wait for the others", () => {
  const sources = { "a/1": { inTree: "s" }, "b/1": { inTree: "s" } };
  const plan = assemblePlan(desiredState({ "a/1": {}, "b/1": {} }), actualState({ sources }));
  const { steps, changes, summary } = restrictPlan(plan, (id) => !id.includes("b/1"));
  assert.equal(
    steps.map(({ id }) => id.replace("/x86_64", "")),
    ["add:a/1", "build:a/1@K1", "install:a/1@K1", "depmod:K1"],
  );
  assert.equal(steps.at(-1)?.dependsOn, ["install:a/1@K1/x86_64"]);
  assert.equal(
    changes.map(({ address, actions }) => [address, actions]),
    [["a/1@K1/x86_64", ["add", "build", "install", "depmod"]]],
  );
  assert.is(summary.install, 1);
});
restrict.run();
