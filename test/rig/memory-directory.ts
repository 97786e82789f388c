import fs from "node:fs";
import os from "node:os";
import path from "node:path";

/**
 * A temporary directory, in memory where the system offers enough of that: for tests that make and remove thousands of
 * files, and would wait for a disk most of their time.
 */
export function memoryDirectory(prefix: string): string {
  return fs.mkdtempSync(path.join(isRoomy(shared) ? shared : os.tmpdir(), prefix));
}

const shared = "/dev/shm";

/** Containers often have 64 MiB there, of which one archive can take more. */
function isRoomy(directory: string): boolean {
  if (!fs.existsSync(directory)) return false;
  const { bavail, bsize } = fs.statfsSync(directory);
  return bavail * bsize >= 512 << 20;
}
