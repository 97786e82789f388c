import process from "node:process";
import { processStat } from "./process-stat.ts";

/**
 * Whether a process has started this one, itself or through others that are still there. By /proc, which nobody can make
 * say what is not so; where there is none, no.
 */
export function isAncestor(pid: number): boolean {
  const seen = new Set<number>();
  for (let at = process.ppid; at > 0 && !seen.has(at); at = Number(processStat(at)[1] ?? 0)) {
    if (at === pid) return true;
    seen.add(at);
  }
  return false;
}
