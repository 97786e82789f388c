import { processStat } from "../../src/host/process-stat.ts";

/** PF_EXITING of the kernel: a dying process loses its memory before it becomes a zombie, and runs nothing any more. */
const exiting = 0x4;

/** Whether there is such a process. A zombie does not run: nobody may have waited for it yet. */
export function isRunning(pid: number): boolean {
  const [state, , , , , , flags] = processStat(pid);
  return state !== undefined && !"ZX".includes(state) && (Number(flags) & exiting) === 0;
}
