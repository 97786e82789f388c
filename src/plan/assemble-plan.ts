import type { ActualState } from "../actual-state/actual-state.ts";
import type { DesiredState } from "../desired-state/desired-state.ts";
import type { Diagnostic } from "../desired-state/diagnostic.ts";
import { depmodNeeds } from "./depmod-steps.ts";
import { handOverObjects } from "./hand-over-objects.ts";
import { initramfsNeeds } from "./initramfs-steps.ts";
import { judgeWanted } from "./judge-wanted.ts";
import { laySteps } from "./lay-steps.ts";
import { objectConflicts } from "./object-conflicts.ts";
import type { Plan } from "./plan.ts";
import { planRemovals } from "./plan-removals.ts";
import { planSweeps } from "./plan-sweeps.ts";
import { refusals } from "./refusals.ts";
import { noFilter, type PlanFilter, resolveWanted } from "./resolve-wanted.ts";
import { summarize } from "./summarize.ts";
import { driftOf, wishesOf } from "./wishes.ts";

/**
 * The difference between what is wanted and what is there, and the steps from one to the other.
 * Pure: the same values always give the same plan, in the same order.
 */
export function assemblePlan(desired: DesiredState, actual: ActualState, filter: PlanFilter = noFilter): Plan {
  const resolved = resolveWanted(desired, actual, filter);
  const wanted = judgeWanted(desired, resolved.wanted, actual);
  const removals = planRemovals({ desired, actual, filter, wanted });
  const sweeps = planSweeps({ desired, actual, filter });
  const depmods = depmodNeeds(resolved.wanted, actual, filter);
  const initramfs = initramfsNeeds(resolved.wanted, actual, filter);
  const { steps, changes, diagnostics } = laySteps({ actual, wanted, removals, sweeps, depmods, initramfs });
  const { blocked, notApplicable, unchanged } = wanted;
  const unread = actual.findings.map(({ code, message, path }): Diagnostic => {
    const hint = code === "E_PERMISSION" ? { hint: "Run it as root, to see what is there" } : {};
    return { severity: "warning", code: "W_UNREADABLE", message, file: path, ...hint };
  });
  const now = wishesOf({ desired, actual, filter });
  return {
    changes: changes.map((change) => ({ ...change, drift: driftOf(change, now, actual.lastApplied) })),
    steps: handOverObjects(steps, actual),
    blocked,
    notApplicable,
    unlisted: removals.unlisted,
    diagnostics: [
      ...unread,
      ...resolved.diagnostics,
      ...objectConflicts(resolved.wanted, actual),
      ...removals.diagnostics,
      ...diagnostics,
      ...refusals(steps, { desired, actual, filter }),
    ],
    summary: summarize({ changes, blocked, notApplicable, unchanged }),
  };
}
