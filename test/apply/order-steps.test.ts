import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { orderSteps } from "../../src/apply/order-steps.ts";
import { assemblePlan } from "../../src/plan/assemble-plan.ts";
import type { Step } from "../../src/plan/step.ts";
import { actualState, desiredState } from "../rig/world.ts";
import type { WorldOptions } from "../rig/world-options.ts";

const order = suite("orderSteps");

const names = ["a", "b", "c", "d"] as const;
const sources = Object.fromEntries(names.map((name) => [`${name}/1`, { inTree: "s" }]));

function steps(confs: NonNullable<WorldOptions["confs"]> = {}): readonly Step[] {
  const wanted = Object.fromEntries(names.map((name) => [`${name}/1`, {}]));
  return assemblePlan(desiredState(wanted), actualState({ sources, confs })).steps;
}

const builds = (ordered: readonly Step[]) =>
  ordered.filter(({ kind }) => kind === "build").map(({ address }) => address.slice(0, 1));

const lasting = (ms: Readonly<Record<string, number>>) => (step: Step) =>
  step.kind === "build" ? (ms[step.address.slice(0, 1)] ?? 0) : 1;

order("begins with the longest", () => {
  assert.equal(builds(orderSteps(steps(), lasting({ a: 5, b: 70, c: 60, d: 10 }))), ["b", "c", "d", "a"]);
});

order("counts what waits for a build: a short one that a long one needs comes first", () => {
  const dependent = steps({ "d/1": { buildDepends: ["a"] } });
  assert.equal(builds(orderSteps(dependent, lasting({ a: 5, b: 70, c: 60, d: 80 }))), ["a", "d", "b", "c"]);
});

order("leaves equal ones in their order, and loses none", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }), (durations) => {
      const all = steps();
      const ordered = orderSteps(
        all,
        (step) => durations[names.findIndex((name) => step.address.startsWith(name))] ?? 0,
      );
      assert.equal([...ordered].map(({ id }) => id).sort(), all.map(({ id }) => id).sort());
      if (new Set(durations).size === 1) assert.equal(builds(ordered), [...names]);
    }),
  );
});

order.run();
