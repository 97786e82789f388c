import fs from "node:fs";
import os from "node:os";
import path from "node:path";

/**
 * A temporary directory, in memory where the system offers that: for tests that make and remove thousands of files, and
 * would wait for a disk most of their time.
 */
export function memoryDirectory(prefix: string): string {
  const parent = fs.existsSync(shared) ? shared : os.tmpdir();
  return fs.mkdtempSync(path.join(parent, prefix));
}

const shared = "/dev/shm";
