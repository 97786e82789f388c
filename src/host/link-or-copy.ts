import type { FileWrites } from "./files.ts";
import { isSystemError } from "./system-error.ts";

/** Where a file system has no hard links, where there are too many of a file, or where the two are on different ones. */
const refusals = ["EPERM", "EOPNOTSUPP", "ENOTSUP", "EMLINK", "ENOSYS", "EXDEV"];

/** Gives a file another name, or, where that cannot be, makes a copy. Fails if `to` exists. */
export function linkOrCopy(files: Pick<FileWrites, "link" | "copyFile">, existing: string, to: string): void {
  try {
    files.link(existing, to);
  } catch (error) {
    if (!isSystemError(error) || !refusals.includes(error.code)) throw error;
    files.copyFile(existing, to);
  }
}
