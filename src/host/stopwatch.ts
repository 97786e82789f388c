import type { Host } from "./host.ts";
import { monotonicMs } from "./monotonic-ms.ts";

/** When something began, and how long it has taken so far. */
export interface Stopwatch {
  readonly startedAt: Date;
  /** Whole milliseconds, whatever the clock has been set to since. */
  readonly elapsedMs: () => number;
}

/** One that runs from now on. */
export function startStopwatch({ clock }: Pick<Host, "clock">): Stopwatch {
  const started = monotonicMs();
  return { startedAt: clock(), elapsedMs: () => Math.round(monotonicMs() - started) };
}
