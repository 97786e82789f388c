import type { FileReads, Files } from "../../src/host/files.ts";
import { localFiles } from "../../src/host/local-files.ts";

/**
 * The real files, except that every read of a given place, or of anything below it, is refused: what a directory of
 * another user's looks like to somebody who is not root.
 */
export function filesRefusing(...places: readonly string[]): Files {
  return { ...localFiles, ...refusing(localFiles, places) };
}

function refusing(files: FileReads, places: readonly string[]): FileReads {
  const check = (file: string): string => {
    if (places.some((place) => file === place || file.startsWith(`${place}/`))) throw denied(file);
    return file;
  };
  return {
    list: (file) => files.list(check(file)),
    stat: (file) => files.stat(check(file)),
    lstat: (file) => files.lstat(check(file)),
    readText: (file) => files.readText(check(file)),
    readEnds: (file, bytes) => files.readEnds(check(file), bytes),
    readBytes: (file) => files.readBytes(check(file)),
    readLink: (file) => files.readLink(check(file)),
    realPath: (file) => files.realPath(check(file)),
    sha256: (file) => files.sha256(check(file)),
    sameContent: (one, other) => files.sameContent(check(one), check(other)),
  };
}

function denied(file: string): Error {
  const message = `EACCES: permission denied, open '${file}'`;
  return Object.assign(new Error(message), { code: "EACCES", syscall: "open", path: file });
}
