import type { ToldRun } from "./told-run.ts";

/**
 * When an apply tries the first of what failed before again, as the last one that could do something has left it;
 * `undefined` where nothing waits so, or not any more. Pure.
 */
export function nextTry(told: readonly ToldRun[], now: Date): string | undefined {
  const last = told.findLast(({ run, ending }) => run.isApply && ending !== "refused");
  const time = last?.run.end?.left.nextTry;
  return isDue(time, now) ? undefined : time;
}

/** Whether its time has come. Pure. */
export function isDue(time: string | undefined, now: Date): boolean {
  return time !== undefined && new Date(time) <= now;
}
