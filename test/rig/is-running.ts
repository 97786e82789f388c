import { localFiles } from "../../src/host/local-files.ts";

/** Whether there is such a process. A zombie does not run: nobody may have waited for it yet. */
export function isRunning(pid: number): boolean {
  const stat = localFiles.readText(`/proc/${pid}/stat`);
  return stat !== undefined && !/\) [ZX] /.test(stat);
}
