import type { Change, Plan } from "./plan.ts";
import type { Step, StepId } from "./step.ts";
import { summarize } from "./summarize.ts";

/** A plan with only those steps for which `keeps` says yes, and the changes that they make. Nothing waits for the others. */
export function restrictPlan(plan: Plan, keeps: (id: StepId) => boolean): Plan {
  const steps = plan.steps
    .filter(({ id }) => keeps(id))
    .map((step): Step => ({ ...step, dependsOn: step.dependsOn.filter(keeps) }));
  const changes = plan.changes.flatMap((change) => restrictChange(change, keeps));
  const { blocked, notApplicable } = plan;
  const summary = summarize({ changes, blocked, notApplicable, unchanged: plan.summary.unchanged });
  return { ...plan, steps, changes, summary };
}

/** One depmod, and one initramfs, serve all changes of their kernel: they alone do not make any of them. */
function restrictChange(change: Change, keeps: (id: StepId) => boolean): readonly Change[] {
  const ownSteps = change.stepIds.filter((id) => !/^(depmod|initramfs):/.test(id));
  if (!(ownSteps.length > 0 ? ownSteps : change.stepIds).some(keeps)) return [];
  const actions = change.actions.filter((_, index) => change.stepIds.some((id, at) => at === index && keeps(id)));
  return [{ ...change, actions, stepIds: change.stepIds.filter(keeps) }];
}
