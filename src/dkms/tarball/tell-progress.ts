import type { Host } from "../../host/host.ts";
import type { Course } from "../verbs/course.ts";

export interface ProgressTelling {
  readonly clock: Host["clock"];
  readonly tell: Course["tell"];
  /** The archive. */
  readonly what: string;
}

/** Tells of an archive's progress now and then, and of that of a small one not at all. Counts bytes. */
export function progressTeller({ clock, tell, what }: ProgressTelling): (done: number, total: number) => void {
  let last = clock().getTime();
  return (done, total) => {
    const now = clock().getTime();
    if (total < small || now - last < pauseMs) return;
    last = now;
    tell({ type: "progress", what, done, total });
  };
}

const small = 16 << 20;
const pauseMs = 200;
