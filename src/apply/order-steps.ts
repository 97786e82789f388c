import type { Step, StepId } from "../plan/step.ts";

/**
 * The steps in the order in which they should be started: first those that the most work, one thing after another,
 * depends on. Started last, a long build would keep one processor busy while the others have nothing left to do.
 * Equal ones stay in their order. `expectedMs` says how long a step will take.
 */
export function orderSteps(steps: readonly Step[], expectedMs: (step: Step) => number): readonly Step[] {
  const dependents = new Map<StepId, Step[]>();
  for (const step of steps) for (const id of step.dependsOn) dependents.set(id, [...(dependents.get(id) ?? []), step]);
  const ways = new Map<StepId, number>();
  // In a plan every step comes after what it depends on, so that from behind all dependents are known.
  for (const step of [...steps].reverse()) {
    const after = (dependents.get(step.id) ?? []).map(({ id }) => ways.get(id) ?? 0);
    ways.set(step.id, expectedMs(step) + Math.max(0, ...after));
  }
  return [...steps].sort((a, b) => (ways.get(b.id) ?? 0) - (ways.get(a.id) ?? 0));
}
