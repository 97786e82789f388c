import fs from "node:fs";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { monotonicMs } from "./monotonic-ms.ts";
import { processStat } from "./process-stat.ts";
import { isMarked } from "./run-mark.ts";

/** How long a process may need to die of SIGKILL: the kernel lets it finish what it has asked of a disk. */
const graceMs = 5000;
const pauseMs = 10;

/**
 * Ends every process that was started by the run, or the command, of this mark, and their process groups; waits until
 * they are gone. One that has left its group and emptied its environment is not known any more, and goes on. Returns the
 * processes that are not, which is none but in a kernel that hangs.
 */
export async function endRun(mark: string): Promise<readonly number[]> {
  const deadline = monotonicMs() + graceMs;
  for (;;) {
    const left = processesOf(mark);
    if (left.length === 0 || monotonicMs() > deadline) return left.map(({ pid }) => pid);
    for (const { pid, group } of left) {
      if (group !== ownGroup()) kill(-group);
      kill(pid);
    }
    await setTimeout(pauseMs);
  }
}

interface MarkedProcess {
  readonly pid: number;
  readonly group: number;
}

/** A process that is dead and not yet waited for has no environment any more, and is none of them. */
function processesOf(mark: string): readonly MarkedProcess[] {
  const pids = read(() => fs.readdirSync("/proc"), []).filter((name) => /^[0-9]+$/.test(name));
  return pids
    .map(Number)
    .filter((pid) => pid !== process.pid && isMarked(environmentOf(pid), mark))
    .map((pid) => ({ pid, group: groupOf(pid) ?? pid }));
}

function groupOf(pid: number | "self"): number | undefined {
  const group = Number(processStat(pid)[2]);
  return group > 1 ? group : undefined;
}

function ownGroup(): number | undefined {
  return groupOf("self");
}

function environmentOf(pid: number): string {
  return read(() => fs.readFileSync(`/proc/${pid}/environ`, "utf8"), "");
}

/** What is gone, or somebody else's, is not to be ended. */
function read<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}

function kill(target: number): void {
  try {
    process.kill(target, "SIGKILL");
  } catch {
    // It is gone: that is what was wanted.
  }
}
