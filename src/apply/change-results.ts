import type { Failure } from "../dkms/failure.ts";
import type { Change } from "../plan/plan.ts";
import { isOfKernel } from "../plan/step.ts";
import type { ChangeResult, StepResult } from "./outcome.ts";

/** What became of each planned change, from what became of its steps. Pure. */
export function changeResults(
  changes: readonly Change[],
  steps: ReadonlyMap<string, StepResult>,
): readonly ChangeResult[] {
  return changes.map(({ address, actions, before, after, stepIds }) => {
    const own = stepIds.flatMap((id) => steps.get(id) ?? []);
    const durationMs = own.reduce((sum, step) => sum + step.durationMs, 0);
    return { address, actions, before, after, result: resultOf(own), failure: failureOf(own), durationMs };
  });
}

/** The worst says it all; what was done for an instance counts only if everything was. */
function resultOf(steps: readonly StepResult[]): ChangeResult["result"] {
  const worst = (["failed", "undone", "skipped", "done"] as const).find((one) =>
    steps.some(({ kind, result }) => result === one && !(isOfKernel(kind) && one === "skipped")),
  );
  return worst ?? "unchanged";
}

function failureOf(steps: readonly StepResult[]): Failure | undefined {
  return steps.find(({ failure }) => failure !== undefined)?.failure;
}
