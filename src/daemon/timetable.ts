import { createHash } from "node:crypto";

/** The first time of a schedule after a moment, in milliseconds since 1970; `undefined` if there is none. */
export type NextTime = (now: number) => number | undefined;

/**
 * When the next run is due. Asked again and again by the wall clock, so that neither suspending the machine nor setting its
 * clock costs more than a run that begins late: times that were slept through are made up by one run, and a clock set back
 * brings the earlier times with it.
 */
export interface Timetable {
  /** In milliseconds since 1970; `undefined`: never. */
  readonly due: (now: number) => number | undefined;
  /** Whether it is time, said once for each time. */
  readonly isDue: (now: number) => boolean;
}

/** `jitterMs` after each time of the schedule. */
export function createTimetable(next: NextTime, jitterMs: number): Timetable {
  let due: number | undefined;
  const look = (now: number): number | undefined => {
    const following = next(now);
    const candidate = following === undefined ? undefined : following + jitterMs;
    due = due === undefined || candidate === undefined ? (due ?? candidate) : Math.min(due, candidate);
    return due;
  };
  return {
    due: look,
    isDue: (now) => {
      const time = look(now);
      if (time === undefined || now < time) return false;
      due = undefined;
      return true;
    },
  };
}

/** Within `mostMs`: the same for one machine each time, and spread evenly over many. */
export function jitterOf(machine: string, mostMs: number): number {
  const digest = createHash("sha256").update(`dkms-agent daemon ${machine}`).digest();
  return Math.floor((digest.readUInt32BE(0) / 2 ** 32) * mostMs);
}
