import type { FileStat } from "./files.ts";

/** Longer than a tick of the clock that the kernel stamps files with. */
export const tickMs = 100;

/** Of file systems that keep whole seconds, or even ones. */
const coarseTickMs = 2000;

/**
 * Whether any change after the given moment must show in the times of a file that looked like this: not if it was changed
 * within the last tick of the clock before. A time of whole seconds may be of a file system that has no finer ones.
 */
export function isSettled({ ctimeMs }: FileStat, readAt: number): boolean {
  const grainMs = ctimeMs % 1000 === 0 ? coarseTickMs : 0;
  return ctimeMs + grainMs + tickMs < readAt;
}
