import type { DirectoryEntry } from "../host/files.ts";
import type { Host } from "../host/host.ts";
import { isSystemError, type SystemError } from "../host/system-error.ts";

/** Something of the trees that could not be read, or that is named as nothing of DKMS can be. */
export interface TreeFinding {
  readonly code: "E_IO" | "E_PERMISSION" | "E_NOT_A_DIRECTORY" | "E_BAD_NAME";
  readonly path: string;
  readonly message: string;
}

/** One reading of the DKMS tree: what cannot be read becomes a finding, and the rest goes on. */
export interface Look {
  readonly host: Host;
  /** The DKMS tree, links resolved. */
  readonly realTree: string;
  readonly findings: TreeFinding[];
}

/** What went wrong while reading, in a finding's words; anything that no file system throws is a bug. */
export function findingOf(error: unknown, place: string): TreeFinding & { code: "E_IO" | "E_PERMISSION" } {
  if (!isSystemError(error)) throw error;
  const denied = error.code === "EACCES" || error.code === "EPERM";
  return {
    code: denied ? "E_PERMISSION" : "E_IO",
    path: error.path ?? place,
    message: `Cannot read ${error.path ?? place}: ${denied ? "permission denied" : reasonOf(error)}.`,
  };
}

/** The entries of a directory; none, and a finding, if it cannot be read. */
export function listing(look: Look, directory: string): readonly DirectoryEntry[] {
  return attempt(look, directory, () => look.host.files.list(directory)) ?? [];
}

/** Links are followed. Throws what the file system throws. */
export function isDirectory(look: Look, place: string): boolean {
  return look.host.files.stat(place)?.kind === "directory";
}

/** What was read, or `undefined` and a finding if the file system refused. */
export function attempt<T>({ findings }: Pick<Look, "findings">, place: string, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    findings.push(findingOf(error, place));
    return undefined;
  }
}

function reasonOf(error: SystemError): string {
  return error.message.replace(/, \w+ '.*$/s, "");
}
