import path from "node:path";
import type { FileReads } from "../../host/files.ts";
import type { SourceKind } from "./dkms-call.ts";

/**
 * What a bare word is on the disk: a directory that holds a dkms.conf, a dkms.conf, or any other file, which must be an
 * archive then (tried with dell/dkms 3.2.2). `undefined`: nothing that a module could come from. Relative words are meant
 * from the given directory.
 */
export function classifyWord(files: FileReads, directory: string, word: string): SourceKind | undefined {
  const place = path.resolve(directory, word);
  switch (kindOf(files, place)) {
    case "directory":
      return kindOf(files, path.join(place, "dkms.conf")) === undefined ? undefined : "directory";
    case "file":
      if (path.basename(place) === "dkms.conf") return "conf";
      return place.endsWith(".rpm") ? "rpm" : "archive";
    default:
      return undefined;
  }
}

function kindOf(files: FileReads, place: string): string | undefined {
  try {
    return files.stat(place)?.kind;
  } catch {
    // What cannot be looked at (a name of a thousand letters, another user's directory) is taken for a module's name.
    return undefined;
  }
}
