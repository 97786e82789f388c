import type { CommandResult } from "../host/run.ts";
import { type Failure, fail } from "./failure.ts";

/**
 * The failure of a program that could not do its work since memory, or the number of processes that it may have, ran out:
 * E_NO_MEMORY if the kernel has counted a program that it ended for it, or a program has said so; E_KILLED if one was
 * killed, and nobody knows by whom. Neither is a fault of the module's. `undefined` if it ended otherwise.
 *
 * @param doing what went on, as in "during the build of demo/1.0"
 * @param said everything that the program and those that it had started have written
 */
export function wantOfMemory(result: CommandResult, doing: string, said: string): Failure | undefined {
  if (result.ending !== "killed" && !(result.ending === "exited" && result.exitCode !== 0)) return undefined;
  if (result.ending === "killed" || result.exitCode === killedExit || killedText.test(said)) {
    if (result.oomKilled) return starved(`Memory ran out during ${doing}: the kernel ended a program of it.`);
    const why = result.oomKilled === false ? "and not by the kernel for want of memory" : "mostly for want of memory";
    return fail("E_KILLED", `A program was killed during ${doing}, ${why}.`, { remedy: whoKilled }).error;
  }
  const line = starvedText.exec(said)?.[0].trim();
  if (line === undefined) return undefined;
  if (!/fork/i.test(line)) return starved(`Memory ran out during ${doing}: "${line}".`);
  const message = `The system allowed no more processes during ${doing}: "${line}".`;
  return fail("E_NO_MEMORY", message, { remedy: moreProcesses }).error;
}

/**
 * A line for a shell. When memory runs out, the kernel is to end what a module does rather than this program, which may be
 * larger than a compiler, or what else the machine is for (proc(5), oom_score_adj). Where /proc may not be written to, it
 * chooses by size alone.
 */
export const endedFirst = "{ echo 1000 > /proc/self/oom_score_adj; } 2> /dev/null";

/** Whether a failure may end otherwise when less is done at once. */
export function isWantOfMemory({ code }: Failure): boolean {
  return code === "E_NO_MEMORY" || code === "E_KILLED";
}

/** What helps where memory has run out. */
export const moreMemory =
  "Give the machine, or whatever limits this program, more memory or swap; dmesg tells what the kernel has ended.";

/** The part of a remedy that does not help where it was done already. */
export const fewerJobs = " Or run fewer --jobs at once.";

function starved(message: string): Failure {
  return fail("E_NO_MEMORY", message, { remedy: `${moreMemory}${fewerJobs} Then run it again.` }).error;
}

const whoKilled =
  "See who did: an administrator, a guard of the memory as earlyoom or systemd-oomd, or the kernel (dmesg). Then run it again.";

/** What helps where the system starts no more programs. */
export const moreProcesses = "End some, or raise the limit: ulimit -u, or TasksMax of the unit. Then run it again.";

/** A shell's exit code when its last program was ended by SIGKILL. */
const killedExit = 137;

/** What gcc, make and the shells say of a program that was ended by SIGKILL, as the kernel does when memory has run out. */
const killedText =
  /Killed signal terminated program|^make.*\*\*\* .*\] (Killed|Error 137)$|^(\S+: )?(line \d+: )?( *\d+ )?Killed\b/m;

/** What compilers, linkers, shells and make say when they are refused memory or a process. */
const sayings = [
  "\\bout of memory allocating \\d",
  "virtual memory exhausted",
  ": memory exhausted",
  ": Cannot allocate memory",
  "LLVM ERROR: out of memory",
  "failed to map segment from shared object",
  "Cannot fork$",
  "fork: .*Resource temporarily unavailable",
  "^MemoryError",
];

/** Lines with a bar are source text. */
const starvedText = new RegExp(`^[^|\\n]*(${sayings.join("|")})[^|\\n]*$`, "im");
