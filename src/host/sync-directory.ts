import fs from "node:fs";

/** Forces a directory's entries to the disk, so that what was renamed or made in it survives a power cut. */
export function syncDirectory(directory: string): void {
  const descriptor = fs.openSync(directory, "r");
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}
