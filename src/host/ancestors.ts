import fs from "node:fs";
import process from "node:process";

/**
 * Whether a process has started this one, itself or through others that are still there. By /proc, which nobody can make
 * say what is not so; where there is none, no.
 */
export function isAncestor(pid: number): boolean {
  const seen = new Set<number>();
  for (let at = process.ppid; at > 0 && !seen.has(at); at = parentOf(at)) {
    if (at === pid) return true;
    seen.add(at);
  }
  return false;
}

/** From proc_pid_stat(5): the fields follow the program's name, which may hold anything, in brackets; 0 if it is gone. */
function parentOf(pid: number): number {
  try {
    const [, fields = ""] = /^.*\) (.*)$/s.exec(fs.readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    return Number(fields.split(" ")[1] ?? 0);
  } catch {
    return 0;
  }
}
