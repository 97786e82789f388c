import type { Host } from "../host/host.ts";
import { packValue, unpackValue } from "../host/packed-value.ts";
import { isSystemError } from "../host/system-error.ts";

/**
 * The text of a file in which runs keep what later ones would have to find out again; `undefined` if it is not there,
 * cannot be read, is longer than `longest` bytes, or could have been written by somebody other than root and whoever runs
 * this: nobody else is believed, and what is kept can be found out again.
 */
export function readOwnFile(
  { files, machine }: Pick<Host, "files" | "machine">,
  file: string,
  longest: number,
): string | undefined {
  return readOwn({ files, machine }, { file, longest, read: files.readText });
}

/** The same, of a file that {@link writeOwnValue} has written: whatever value that was. */
export function readOwnValue(
  { files, machine }: Pick<Host, "files" | "machine">,
  file: string,
  longest: number,
): unknown {
  const bytes = readOwn({ files, machine }, { file, longest, read: files.readBytes });
  return bytes && unpackValue(bytes);
}

interface Reading<T> {
  readonly file: string;
  readonly longest: number;
  readonly read: (file: string) => T | undefined;
}

function readOwn<T>(
  { files, machine }: Pick<Host, "files" | "machine">,
  { file, longest, read }: Reading<T>,
): T | undefined {
  try {
    const stat = files.lstat(file);
    const isOurs = stat?.kind === "file" && (stat.uid === 0 || stat.uid === machine.uid) && (stat.mode & 0o022) === 0;
    return isOurs && stat.size <= longest ? read(file) : undefined;
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

/** Keeps a text there, readable for its owner only, unless it stands there already; gives up in silence where it cannot. */
export function writeOwnFile(host: Pick<Host, "files" | "machine">, file: string, text: string): void {
  try {
    if (readOwnFile(host, file, Number.POSITIVE_INFINITY) !== text) host.files.writeAtomic(file, text, 0o600);
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}

/** The same, of a plain value, whatever stood there; but not if it is longer than `longest` bytes. */
export function writeOwnValue(
  { files }: Pick<Host, "files">,
  { file, longest }: { readonly file: string; readonly longest: number },
  value: unknown,
): void {
  const bytes = packValue(value);
  if (bytes.length > longest) return;
  try {
    files.writeAtomic(file, bytes, 0o600);
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}
