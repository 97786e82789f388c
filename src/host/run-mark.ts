import process from "node:process";

/**
 * In the environment of every process that a run starts, with a value of its own for each run. Whoever is killed leaves
 * make and its compilers behind, in groups of their own; by this they are known without doubt, whatever they were started
 * through, while a number of a process may be somebody else's by now.
 */
export const runMark = "DKMS_AGENT_RUN";

/**
 * A mark for a new run. One that was started by another run has that one's mark in front, so that it is ended with it, and
 * so is everything that it starts.
 */
export function newMark(outer = process.env[runMark]): string {
  // No two runs have the same, also not in two containers; nothing secret, so node:crypto need not be waited for.
  const own = `${process.pid}-${Date.now()}-${Math.random().toString(36).slice(2)}`;
  return outer !== undefined && /^[0-9a-z/-]{1,400}$/.test(outer) ? `${outer}/${own}` : own;
}

/** The mark of one command of a run: what the command starts is known by both. */
export function commandMark(run: string, command: number): string {
  return `${run}/${command}`;
}

/** Whether a run was started by another one, through its commands and perhaps through other runs. */
export function isStartedBy(mark: string, run: string): boolean {
  return mark.startsWith(`${run}/`);
}

/**
 * Whether an environment, its variables ended by NUL, is of a process that the run, or the command, of this mark has
 * started.
 */
export function isMarked(environment: string, mark: string): boolean {
  const entry = `\0${runMark}=${mark}`;
  const text = `\0${environment}\0`;
  return text.includes(`${entry}\0`) || text.includes(`${entry}/`);
}
