import path from "node:path";
import type { FileStat } from "../host/files.ts";
import type { Host } from "../host/host.ts";
import { isSystemError } from "../host/system-error.ts";

/** Something that somebody other than root may change, and that root is about to go by. */
export interface InsecurePlace {
  readonly path: string;
  readonly kind: "file" | "directory";
  /** Reads on after the place: "belongs to user 1000, not to root". */
  readonly reason: string;
  /** The command that mends it, without the place. */
  readonly remedy: string;
  readonly byEverybody: boolean;
}

type Ownership = Pick<Host, "files" | "machine">;

/**
 * Root must not obey what others can write: of each file, the directories that hold it, and (for a link) the directories
 * that hold what it leads to, those that somebody other than root may change. None at all for a run that is not root's.
 * What cannot be looked at is left to the reading, which says so.
 */
export function findInsecurePlaces(host: Ownership, files: readonly string[]): readonly InsecurePlace[] {
  if (host.machine.uid !== 0) return [];
  const places = new Set(files.flatMap((file) => [file, ...directoriesOf(host, file)]));
  return [...places].flatMap((place) => {
    const stat = attempt(() => host.files.stat(place));
    return stat === undefined ? [] : weaknessOf(place, stat);
  });
}

function directoriesOf(host: Ownership, file: string): readonly string[] {
  const real = attempt(() => host.files.realPath(file));
  const directories = [path.dirname(file)];
  return real === undefined ? directories : [...directories, path.dirname(real)];
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return undefined;
  }
}

const groupWrite = 0o020;
const otherWrite = 0o002;
const sticky = 0o1000;

function weaknessOf(place: string, stat: FileStat): readonly InsecurePlace[] {
  const weak = { path: place, kind: stat.kind === "directory" ? "directory" : "file", byEverybody: false } as const;
  if (stat.uid !== 0) return [{ ...weak, reason: `belongs to user ${stat.uid}, not to root`, remedy: "chown root" }];
  // In a sticky directory only the owner of a file may replace it, and that is looked at too.
  if (stat.kind === "directory" && stat.mode & sticky) return [];
  if (stat.mode & otherWrite)
    return [{ ...weak, byEverybody: true, reason: "can be written by everybody", remedy: "chmod go-w" }];
  if (stat.mode & groupWrite && stat.gid !== 0)
    return [{ ...weak, reason: `can be written by group ${stat.gid}`, remedy: "chmod go-w" }];
  return [];
}
