import path from "node:path";
import { isAncestor } from "../host/ancestors.ts";
import type { Host } from "../host/host.ts";

/**
 * The process id of a dpkg that is at work on this host, and that has not started us itself, as it starts the hooks of
 * kernels; `undefined` if there is none, or nobody can tell. It holds a lock on a file of its own, which proc_locks(5) tells;
 * but not of a file system that gives its files other devices than the kernel has for them (btrfs).
 */
export function dpkgAtWork({ files, root }: Pick<Host, "files" | "root">): number | undefined {
  try {
    const file = files.stat(path.join(root, "var/lib/dpkg/lock"));
    if (!file) return undefined;
    const place = `${deviceText(file.device)}:${file.inode}`;
    const locks = (files.readText("/proc/locks") ?? "").matchAll(heldLock);
    const holders = [...locks].flatMap(([, holder, locked]) => (locked === place ? [Number(holder)] : []));
    return holders.find((pid) => !isAncestor(pid));
  } catch {
    return undefined;
  }
}

/** Without those that somebody waits for, which have an arrow. */
const heldLock = /^\d+: POSIX +ADVISORY +WRITE +(\d+) ([0-9a-f]+:[0-9a-f]+:\d+) /gm;

/** Major and minor number as the C library takes them apart (gnu_dev_major), in hexadecimal. */
function deviceText(device: number): string {
  const number = BigInt(device);
  const major = ((number >> 8n) & 0xfffn) | ((number >> 32n) & 0xfffff000n);
  const minor = (number & 0xffn) | ((number >> 12n) & 0xffffff00n);
  return [major, minor].map((one) => one.toString(16).padStart(2, "0")).join(":");
}
