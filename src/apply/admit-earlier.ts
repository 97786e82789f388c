import { fail, type Result } from "../dkms/failure.ts";
import { readMachineId } from "../dkms/machine-id.ts";
import type { Host } from "../host/host.ts";
import { admitSaved, type Now, type SavedPlan } from "../plan/admit-saved.ts";
import type { Plan } from "../plan/plan.ts";
import { appliedBefore } from "./applied-before.ts";
import type { Emit } from "./event.ts";

/** A plan that somebody has seen, and that is to be carried out as it was then or not at all. */
export interface EarlierPlan {
  readonly plan: SavedPlan;
  /** The file that it comes from, or where else it was seen. */
  readonly origin: string;
}

/**
 * What is to be carried out of the plan of now: the steps of the earlier one. Fails with E_STALE_PLAN, after a diagnostic
 * for each thing that has changed, if it does not hold any more, or if it was applied before. Only under the lock.
 */
export function admitEarlier(
  host: Host,
  { plan, origin }: EarlierPlan,
  now: Omit<Now, "machine"> & { readonly emit: Emit },
): Result<Plan> {
  const remedy = "Make a new plan, and look at it.";
  const more = { path: origin, remedy };
  const at = appliedBefore(host, plan.planId);
  if (at !== undefined) return fail("E_STALE_PLAN", `This plan was applied already, at ${at}; nothing was done.`, more);
  const machine = { machineId: readMachineId(host), ...host.paths };
  const admitted = admitSaved(plan, { ...now, machine });
  if (admitted.ok) return admitted;
  for (const message of shorten(admitted.error)) {
    const diagnostic = { severity: "error", code: "E_STALE_PLAN", message, file: origin } as const;
    now.emit({ type: "diagnostic", diagnostic });
  }
  return fail("E_STALE_PLAN", `The plan of ${plan.createdAt} is stale; nothing was done.`, more);
}

/** Says of an outcome how much is left that the earlier plan did not have, and was therefore not done. */
export function tellLeft(left: number, { origin }: EarlierPlan, emit: Emit): void {
  if (left === 0) return;
  const what = left === 1 ? "One change is" : `${left} changes are`;
  const message = `${what} left to make that the plan does not have`;
  const hint = "See dkms-agent plan";
  emit({ type: "diagnostic", diagnostic: { severity: "warning", code: "W_NOT_IN_PLAN", message, file: origin, hint } });
}

const most = 20;

function shorten(reasons: readonly string[]): readonly string[] {
  if (reasons.length <= most) return reasons;
  return [...reasons.slice(0, most), `${reasons.length - most} more things have changed`];
}
