import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { isSystemError } from "../../src/host/system-error.ts";

/** A group of processes with little memory and no swap: the kernel ends one of them when they want more. */
export interface MemoryGroup {
  /** Starts a program in it: to be put before the program and its arguments. */
  readonly prefix: readonly string[];
  /** Ends what is in it. */
  readonly remove: () => Promise<void>;
}

/** Why this machine makes no memory group; `undefined` if it does. */
export function memoryGroupProblem(): string | undefined {
  try {
    fs.rmdirSync(newDirectory(1 << 30));
    return undefined;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return error.message;
  }
}

/** Throws what the system refuses: see {@link memoryGroupProblem}. */
export function memoryGroup(bytes: number): MemoryGroup {
  const directory = newDirectory(bytes);
  const list = path.join(directory, "cgroup.procs");
  const members = () => fs.readFileSync(list, "utf8").split("\n").filter(Boolean).map(Number);
  return {
    prefix: ["sh", "-c", 'echo $$ > "$0" && exec "$@"', list],
    remove: async () => {
      for (let left = members(); left.length > 0; left = members()) {
        for (const pid of left) end(pid);
        await setTimeout(5);
      }
      fs.rmdirSync(directory);
    },
  };
}

/** A memory control group of version 2, or of version 1 where the memory is still there. */
function newDirectory(bytes: number): string {
  const top = "/sys/fs/cgroup";
  const name = `dkms-agent-test-${randomBytes(4).toString("hex")}`;
  if (fs.existsSync(path.join(top, "cgroup.controllers"))) {
    fs.writeFileSync(path.join(top, "cgroup.subtree_control"), "+memory");
    return limited(path.join(top, name), { "memory.max": bytes, "memory.swap.max": 0 });
  }
  // The second is the limit of memory and swap together, and cannot be below the first.
  const limits = { "memory.limit_in_bytes": bytes, "memory.memsw.limit_in_bytes": bytes };
  return limited(path.join(top, "memory", name), limits);
}

/** A kernel that counts no swap has no limit for it. */
function limited(directory: string, limits: Readonly<Record<string, number>>): string {
  fs.mkdirSync(directory);
  try {
    for (const [name, value] of Object.entries(limits)) {
      const file = path.join(directory, name);
      if (!name.includes("sw") || fs.existsSync(file)) fs.writeFileSync(file, String(value));
    }
    return directory;
  } catch (error) {
    fs.rmdirSync(directory);
    throw error;
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
