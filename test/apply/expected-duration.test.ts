import { suite } from "uvu";
import * as assert from "uvu/assert";
import { expectedDuration } from "../../src/apply/expected-duration.ts";
import { assemblePlan } from "../../src/plan/assemble-plan.ts";
import type { Step } from "../../src/plan/step.ts";
import { filesRefusing } from "../rig/failing-files.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";
import { actualState, desiredState } from "../rig/world.ts";

const expected = suite<{ tree: TreeBuilder }>("expectedDuration");

expected.before.each((context) => {
  context.tree = dkmsTree();
});
expected.after.each(({ tree }) => tree.remove());

const { steps } = assemblePlan(
  desiredState({ "small/1": {}, "large/1": {} }),
  actualState({ sources: { "small/1": { inTree: "s" }, "large/1": { inTree: "s" } } }),
);
const nothingKnown = { steps, lastDuration: () => undefined };

function buildOf(name: string): Step {
  const found = steps.find(({ kind, address }) => kind === "build" && address.startsWith(name));
  if (!found) throw new Error(`${name} is not built`);
  return found;
}

expected("is that of last time, whatever the source", ({ tree }) => {
  const ms = expectedDuration(tree.host(), { steps, lastDuration: () => 1234 });
  assert.is(ms(buildOf("small")), 1234);
});

expected("goes by the files to compile where nobody knows better, however large the others are", ({ tree }) => {
  tree.write("usr/src/small-1/a.c", "x");
  tree.write("usr/src/small-1/tables.h", "x".repeat(100_000));
  for (const name of ["a.c", "deep/b.c", "deep/c.S"]) tree.write(`usr/src/large-1/${name}`, "x");
  const ms = expectedDuration(tree.host(), nothingKnown);
  assert.ok(ms(buildOf("large")) > 2 * ms(buildOf("small")));
});

expected("of as many files takes the larger for longer", ({ tree }) => {
  tree.write("usr/src/small-1/a.c", "x".repeat(1000));
  tree.write("usr/src/large-1/deep/a.c", "x".repeat(5000));
  const ms = expectedDuration(tree.host(), nothingKnown);
  assert.ok(ms(buildOf("large")) > ms(buildOf("small")));
});

expected("is nothing, and no trouble, where the source cannot be read", ({ tree }) => {
  tree.write("usr/src/small-1/a.c", "x");
  const ms = expectedDuration(tree.host({ files: filesRefusing(tree.at("usr/src")) }), nothingKnown);
  assert.is(ms(buildOf("small")), 0);
});

expected.run();
