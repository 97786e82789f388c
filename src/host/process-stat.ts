import fs from "node:fs";

/**
 * What /proc says of a process behind its name, which may hold anything, in brackets (proc_pid_stat(5)): the first is its
 * state, the second its parent, the third its group. Empty if the process is gone, or somebody else's business.
 */
export function processStat(pid: number | "self"): readonly string[] {
  try {
    return /^.*\) (.*)$/s.exec(fs.readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1]?.split(" ") ?? [];
  } catch {
    return [];
  }
}

/** When a process began, in ticks since the machine did: tells it from a later one of the same number. */
export function processStart(pid: number | "self"): string | undefined {
  return processStat(pid)[19];
}
