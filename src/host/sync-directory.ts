import fs from "node:fs";
import { isSystemError } from "./system-error.ts";

/** Forces a directory's entries to the disk, so that what was renamed or made in it survives a power cut. */
export function syncDirectory(directory: string): void {
  const descriptor = fs.openSync(directory, "r");
  try {
    fs.fsyncSync(descriptor);
  } catch (error) {
    if (isSystemError(error)) Object.assign(error, { path: directory });
    throw error;
  } finally {
    fs.closeSync(descriptor);
  }
}
