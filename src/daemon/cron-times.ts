import { createTask } from "node-cron";
import type { DaemonSettings } from "../desired-state/settings.ts";
import type { NextTime } from "./timetable.ts";

export interface CronTimes {
  readonly next: NextTime;
  /** The shortest time between two of those that come next, in milliseconds. */
  readonly gapMs: number;
}

/**
 * The times of the schedule, as node-cron computes them from the clock of this machine. Its own timers are not used: they
 * count what a machine sleeps through as missed, and do not notice that the clock was set.
 */
export function cronTimes({ schedule, timezone }: Pick<DaemonSettings, "schedule" | "timezone">): CronTimes {
  if (schedule === undefined) return { next: () => undefined, gapMs: 0 };
  const task = createTask(schedule, () => {}, timezone === undefined ? {} : { timezone });
  // It is known to node-cron for ever otherwise, and answers all the same.
  void task.destroy();
  const times = task.getNextRuns(10).map((time) => time.getTime());
  const gaps = times.slice(1).map((time, at) => time - (times[at] ?? time));
  return { next: () => task.getNextRuns(1)[0]?.getTime(), gapMs: Math.min(...gaps) };
}
