import type { Plan } from "./plan.ts";
import type { Step, StepId } from "./step.ts";
import { summarize } from "./summarize.ts";

/** A plan with only those steps for which `keeps` says yes, and the changes that they make. Nothing waits for the others. */
export function restrictPlan(plan: Plan, keeps: (id: StepId) => boolean): Plan {
  const steps = plan.steps
    .filter(({ id }) => keeps(id))
    .map((step): Step => ({ ...step, dependsOn: step.dependsOn.filter(keeps) }));
  const changes = plan.changes.flatMap((change) => {
    const kept = change.actions.filter((_, index) => change.stepIds.some((id, at) => at === index && keeps(id)));
    return kept.length === 0 ? [] : [{ ...change, actions: kept, stepIds: change.stepIds.filter(keeps) }];
  });
  const { blocked, notApplicable } = plan;
  const summary = summarize({ changes, blocked, notApplicable, unchanged: plan.summary.unchanged });
  return { ...plan, steps, changes, summary };
}
