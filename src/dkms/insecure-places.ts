import path from "node:path";
import type { Host } from "../host/host.ts";
import { ifReadable } from "../host/system-error.ts";

/** Something that somebody other than root may change, and that root is about to go by. */
export interface InsecurePlace {
  readonly path: string;
  readonly kind: "file" | "directory" | "link";
  /** Reads on after the place: "belongs to user 1000, not to root". */
  readonly reason: string;
  /** What mends it, without a capital and a full stop: `run "chmod go-w /srv/modules.yaml"`. */
  readonly remedy: string;
  readonly byEverybody: boolean;
}

type Ownership = Pick<Host, "files" | "machine">;

/**
 * Root must not obey what others can write: of each file, and of every directory and link that the kernel goes by on the way
 * to it, those that somebody other than root may change; the nearest first. None at all for a run that is not root's. What
 * cannot be looked at is left to the reading, which says so.
 */
export function findInsecurePlaces(host: Ownership, files: readonly string[]): readonly InsecurePlace[] {
  if (host.machine.uid !== 0) return [];
  const all = files.flatMap((file) => placesOf(host, file)).map(({ place, isNear }) => [place, isNear] as const);
  return [...new Map(all)].flatMap(([place, isNear]) => weaknessAt(host, place, isNear) ?? []);
}

interface Place {
  readonly place: string;
  /** The file itself, or where it lies: those can be given to root. */
  readonly isNear: boolean;
}

/**
 * The file, then from the nearest to the root where a name on the way to it is looked up, and the links that are
 * followed.
 */
function placesOf(host: Ownership, file: string): readonly Place[] {
  const way: Place[] = [];
  let at = "/";
  let rest = path.resolve(file).split("/").filter(Boolean);
  for (let links = 0; rest.length > 0 && links < mostLinks; ) {
    const [name = "", ...others] = rest;
    const next = path.join(at, name);
    const target = ifReadable(() => host.files.readLink(next));
    way.push({ place: at, isNear: others.length === 0 });
    if (target === undefined) {
      at = next;
      rest = others;
      continue;
    }
    links += 1;
    way.push({ place: next, isNear: others.length === 0 });
    at = target.startsWith("/") ? "/" : at;
    rest = [...target.split("/").filter((part) => part !== "" && part !== "."), ...others];
  }
  return [{ place: path.resolve(file), isNear: true }, ...way.reverse()];
}

/** As the kernel follows. */
const mostLinks = 40;

const groupWrite = 0o020;
const otherWrite = 0o002;
const sticky = 0o1000;

function weaknessAt({ files }: Ownership, place: string, isNear: boolean): InsecurePlace | undefined {
  const own = ifReadable(() => files.lstat(place));
  const weak = { path: place, byEverybody: false };
  const mend = (command: string) =>
    isNear ? `run "${command} ${place}"` : "put it where only root can write, all the way from the root directory";
  if (own?.kind === "link" && own.uid !== 0) {
    const remedy = mend("chown -h root");
    return { ...weak, kind: "link", reason: `belongs to user ${own.uid}, not to root`, remedy };
  }
  const stat = ifReadable(() => files.stat(place));
  if (!stat) return undefined;
  const kind = stat.kind === "directory" ? "directory" : "file";
  if (stat.uid !== 0)
    return { ...weak, kind, reason: `belongs to user ${stat.uid}, not to root`, remedy: mend("chown root") };
  // In a sticky directory only the owner of a file may replace it, and that is looked at too.
  if (kind === "directory" && stat.mode & sticky) return undefined;
  const remedy = mend("chmod go-w");
  if (stat.mode & otherWrite)
    return { ...weak, kind, byEverybody: true, reason: "can be written by everybody", remedy };
  if (stat.mode & groupWrite && stat.gid !== 0)
    return { ...weak, kind, reason: `can be written by group ${stat.gid}`, remedy };
  return undefined;
}
