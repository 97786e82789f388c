import { suite } from "uvu";
import * as assert from "uvu/assert";
import { changeResults } from "../../src/apply/change-results.ts";
import type { StepResult } from "../../src/apply/outcome.ts";
import { fail } from "../../src/dkms/failure.ts";
import { assemblePlan } from "../../src/plan/assemble-plan.ts";
import { actualState, desiredState } from "../rig/world.ts";

const { changes, steps } = assemblePlan(
  desiredState({ "evdi/1.14.1": {} }),
  actualState({ sources: { "evdi/1.14.1": { inTree: "s" } } }),
);

/** What became of the one change (add, build, install, depmod) if its steps ended like this. */
function resultOf(...results: readonly StepResult["result"][]) {
  const ended = steps.map(({ id, kind, address }, index): readonly [string, StepResult] => {
    const result = results[index] ?? "done";
    const failure = result === "failed" ? fail("E_MAKE", "no").error : undefined;
    return [id, { id, kind, address, result, failure, durationMs: 10 }];
  });
  const [change] = changeResults(changes, new Map(ended));
  assert.ok(change);
  return change;
}

const results = suite("changeResults");

results("done, with where it stood and where it is, and the time of all steps", () => {
  const { result, before, after, durationMs, failure } = resultOf();
  assert.equal([result, before, after, durationMs, failure], ["done", "absent", "installed", 40, undefined]);
});

results("a step that failed is what the change comes to, with its code", () => {
  const { result, failure } = resultOf("undone", "failed", "skipped", "skipped");
  assert.equal([result, failure?.code], ["failed", "E_MAKE"]);
});

results("taken back, not begun, and so already", () => {
  assert.is(resultOf("undone", "undone", "undone", "done").result, "undone");
  assert.is(resultOf("done", "skipped", "skipped", "skipped").result, "skipped");
  assert.is(resultOf("unchanged", "unchanged", "unchanged", "skipped").result, "unchanged");
  assert.is(changeResults(changes, new Map())[0]?.result, "unchanged");
});

results.run();
