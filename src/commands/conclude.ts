import type { Reconciled } from "../reconcile.ts";
import type { Answer } from "./command.ts";
import { detailedApplyCodes, exitCodeOfProblems, exitCodes } from "./exit-codes.ts";

/** The answer of a run that came to its end, or that its own plan forbade. */
export function conclude(result: Reconciled, detailed = false): Answer {
  return { exitCode: detailed ? detailedExitCode(result) : plainExitCode(result) };
}

/** The exit code without `--detailed-exitcode`. */
export function plainExitCode(result: Reconciled): number {
  if (!result.outcome) return exitCodeOfProblems(result.plan.diagnostics) ?? exitCodes.invalid.code;
  const { failed, blocked } = lookAt(result.outcome);
  if (failed) return exitCodes.failed.code;
  return blocked ? exitCodes.blocked.code : exitCodes.ok.code;
}

function detailedExitCode({ outcome }: Reconciled): number {
  if (!outcome) return detailedApplyCodes.notAttempted.code;
  const { failed, blocked } = lookAt(outcome);
  const { changed } = outcome;
  if (failed || blocked) return changed ? detailedApplyCodes.changedAndFailed.code : detailedApplyCodes.failed.code;
  return changed ? detailedApplyCodes.changed.code : detailedApplyCodes.unchanged.code;
}

function lookAt({ steps, interrupted, remaining }: NonNullable<Reconciled["outcome"]>) {
  return {
    failed: interrupted || steps.some(({ result }) => result === "failed") || remaining?.changes.length !== 0,
    blocked: remaining !== undefined && remaining.blocked.length > 0,
  };
}
