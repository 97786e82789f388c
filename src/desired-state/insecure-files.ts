import path from "node:path";
import type { FileStat } from "../host/files.ts";
import type { Host } from "../host/host.ts";
import { faultOf, type PlacedFault } from "./placed-fault.ts";
import { attempt } from "./unreadable.ts";

type FileOwnership = Pick<Host, "files" | "machine">;

/**
 * Root must not obey what others can write: one fault for each of the files, the directories that hold them, and
 * (for a link) the directories that hold what they lead to, that somebody other than root may change. None at all for
 * a run that is not root's. What cannot be looked at is left to the reading, which says so.
 */
export function findInsecureFiles(host: FileOwnership, files: readonly string[]): readonly PlacedFault[] {
  if (host.machine.uid !== 0) return [];
  const places = new Set(files.flatMap((file) => [file, ...directoriesOf(host, file)]));
  return [...places].flatMap((place) => insecurityOf(host, place));
}

function directoriesOf(host: FileOwnership, file: string): readonly string[] {
  const real = attempt(() => host.files.realPath(file));
  const directories = [path.dirname(file)];
  return real.ok && real.value !== undefined ? [...directories, path.dirname(real.value)] : directories;
}

function insecurityOf(host: FileOwnership, place: string): readonly PlacedFault[] {
  const stat = attempt(() => host.files.stat(place));
  if (!stat.ok || stat.value === undefined) return [];
  const weakness = weaknessOf(stat.value);
  if (weakness === undefined) return [];
  const what = stat.value.kind === "directory" ? "directory" : "file";
  return [
    faultOf(place, {
      code: "E_INSECURE_FILE",
      message: `The ${what} ${weakness.reason}, so root must not follow what ${what === "file" ? "it says" : "is in it"}.`,
      hint: `Run "${weakness.remedy} ${place}", or give --allow-insecure-files if you trust whoever can write there.`,
    }),
  ];
}

interface Weakness {
  readonly reason: string;
  readonly remedy: string;
}

const groupWrite = 0o020;
const otherWrite = 0o002;
const sticky = 0o1000;

function weaknessOf(stat: FileStat): Weakness | undefined {
  if (stat.uid !== 0) return { reason: `belongs to user ${stat.uid}, not to root`, remedy: "chown root" };
  // In a sticky directory only the owner of a file may replace it, and that is looked at too.
  if (stat.kind === "directory" && stat.mode & sticky) return undefined;
  if (stat.mode & otherWrite) return { reason: "can be written by everybody", remedy: "chmod go-w" };
  if (stat.mode & groupWrite && stat.gid !== 0) {
    return { reason: `can be written by group ${stat.gid}`, remedy: "chmod go-w" };
  }
  return undefined;
}
