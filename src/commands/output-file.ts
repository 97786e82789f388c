import path from "node:path";
import { type Failure, fail } from "../dkms/failure.ts";
import { ioFailure } from "../dkms/io-failure.ts";
import type { Host } from "../host/host.ts";

/**
 * Why nothing may be written where `--out` says: E_USAGE if the directory is not there, or if something stands in the place
 * that is no plain file, for a device or a link would be replaced by one.
 */
export function misplacedOutput({ files }: Pick<Host, "files">, file: string): Failure | undefined {
  try {
    const directory = path.dirname(file);
    if (files.stat(directory)?.kind !== "directory") {
      const remedy = `Make it (mkdir -p ${directory}), or name another file.`;
      return fail("E_USAGE", `--out: The directory ${directory} is not there.`, { path: directory, remedy }).error;
    }
    const kind = files.lstat(file)?.kind;
    if (kind === undefined || kind === "file") return undefined;
    const remedy = "Name a file that is not there, or a plain one.";
    return fail("E_USAGE", `--out: ${file} is not a plain file.`, { path: file, remedy }).error;
  } catch (error) {
    return ioFailure(error, `look where ${file} is to go`).error;
  }
}
