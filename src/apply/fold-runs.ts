import { isIdle, type JournalRun } from "./journal-run.ts";

/**
 * Runs that did nothing, be it that there was nothing to do or that they could not, would hide those that did something:
 * of such runs without one between them that did something, the last of those that differ in nothing but their time stands
 * for all of these. Pure.
 */
export function foldRuns(runs: readonly JournalRun[]): readonly JournalRun[] {
  const folded: JournalRun[] = [];
  /** The idle ones since the last that did something, by what they say. */
  let idle = new Map<string, JournalRun>();
  for (const run of runs) {
    if (isIdle(run)) {
      const key = keyOf(run);
      const before = idle.get(key);
      idle.delete(key);
      idle.set(key, before ? { ...run, count: before.count + run.count, since: before.since } : run);
    } else {
      folded.push(...idle.values(), run);
      idle = new Map();
    }
  }
  return [...folded, ...idle.values()];
}

function keyOf({ caller, command, engine, toolVersion, planId, scope, refused, end }: JournalRun): string {
  return JSON.stringify([
    caller,
    command,
    engine,
    toolVersion,
    planId,
    scope,
    refused,
    end?.interrupted,
    end?.signal,
    end?.remaining,
    end?.left,
  ]);
}
