import type { FileStat } from "../host/files.ts";
import type { Host } from "../host/host.ts";
import { isSettled, tickMs } from "../host/settled.ts";
import { isSystemError } from "../host/system-error.ts";
import { parseJson } from "./json-fields.ts";
import { readOwnFile, writeOwnFile } from "./own-file.ts";
import { digestsFile } from "./state-layout.ts";

/** Digests that outlive a run, so that a file is read again only when it has changed. */
export interface KnownDigests {
  /** The host, whose `files.sha256` reads only what is not known. */
  readonly host: Host;
  /** From here on it counts which files are asked for. */
  readonly begin: () => void;
  /**
   * Keeps what was asked for since then, for later runs; under the lock only. `whole`: everything was, and what was not
   * can be forgotten. Writes nothing if that is kept already, and gives up in silence where it cannot be.
   */
  readonly save: (scope: { readonly whole: boolean }) => Promise<void>;
}

/** Size, mtime, ctime, inode and device of a file, and the SHA-256 that its content had. */
type Entry = readonly [size: number, mtime: number, ctime: number, inode: number, device: number, digest: string];

/**
 * What earlier runs have kept in `<state>/digests.json`. A digest counts only while the file has the very times, size and
 * place that it had, and only if a later change must have shown in them: nothing is kept of a file that changed within
 * the last tick of the clock before it was read, as git has it with its index. What somebody else could have written is
 * not read.
 */
export function openDigests(asked: Host): KnownDigests {
  const { files } = asked;
  let kept: Map<string, Entry> | undefined;
  const course: Course = {
    entries: () => {
      kept ??= readKept(asked);
      return kept;
    },
    used: new Set(),
    unsettled: new Map(),
    seen: new Map(),
  };
  const { entries, used, unsettled, seen } = course;
  const sha256 = (path: string) => digestOf(asked, path, course);
  /** Who looks what a file is before he asks for its digest has looked at its times too. */
  const stat = (path: string): FileStat | undefined => {
    const found = files.stat(path);
    if (found) seen.set(path, found);
    return found;
  };
  return {
    host: { ...asked, files: { ...files, stat, sha256 } },
    begin: () => {
      seen.clear();
      used.clear();
      unsettled.clear();
    },
    save: async ({ whole }) => {
      try {
        await settle(asked, unsettled, sha256);
        const known = entries();
        const paths = [...known.keys()].filter((path) => !whole || used.has(path)).sort();
        const text = textOf(paths.flatMap((path) => [[path, known.get(path)] as const]));
        writeOwnFile(asked, digestsFile(asked.paths), text);
      } catch (error) {
        if (!isSystemError(error)) throw error;
      }
    },
  };
}

/** What is known of files, by their paths. */
interface Course {
  /** Read when it is asked for. */
  readonly entries: () => Map<string, Entry>;
  readonly used: Set<string>;
  /** When they changed, of those that a later change need not show in. */
  readonly unsettled: Map<string, number>;
  /** How they looked a moment ago. */
  readonly seen: Map<string, FileStat>;
}

function digestOf({ files, clock }: Host, path: string, { entries, used, unsettled, seen }: Course) {
  const stat = seen.get(path) ?? files.stat(path);
  seen.delete(path);
  if (stat?.kind !== "file") return files.sha256(path);
  used.add(path);
  const known = entries();
  const before = known.get(path);
  if (before && isOf(before, stat)) return before[5];
  known.delete(path);
  const started = clock().getTime();
  const digest = files.sha256(path);
  const after = files.stat(path);
  if (digest === undefined || !after) return digest;
  const entry = entryOf(stat, digest);
  if (!isOf(entry, after)) return digest;
  if (isSettled(stat, started)) known.set(path, entry);
  else unsettled.set(path, stat.ctimeMs);
  return digest;
}

/** Nothing is known from before and nothing is kept: every file is read. */
export function unknownDigests(host: Host): KnownDigests {
  return { host, begin: () => {}, save: async () => {} };
}

/** What was made a moment ago is read again when its moment is over, so that the next run need not keep it. */
async function settle(
  { clock, pause }: Host,
  unsettled: ReadonlyMap<string, number>,
  sha256: (path: string) => unknown,
): Promise<void> {
  const waitMs = Math.max(...unsettled.values()) + tickMs + 1 - clock().getTime();
  if (waitMs > 0 && waitMs <= 2 * tickMs) await pause(waitMs);
  for (const path of [...unsettled.keys()]) sha256(path);
}

function entryOf({ size, mtimeMs, ctimeMs, inode, device }: FileStat, digest: string): Entry {
  return [size, mtimeMs, ctimeMs, inode, device, digest];
}

function isOf([size, mtime, ctime, inode, device]: Entry, stat: FileStat): boolean {
  return (
    ctime === stat.ctimeMs &&
    mtime === stat.mtimeMs &&
    size === stat.size &&
    inode === stat.inode &&
    device === stat.device
  );
}

function readKept(host: Host): Map<string, Entry> {
  const text = readOwnFile(host, digestsFile(host.paths), longest);
  if (text === undefined) return new Map();
  const value = parseJson(text);
  if (!Array.isArray(value) || value[0] !== format) return new Map();
  return new Map(value.slice(1).flatMap((line: unknown) => parseLine(line)));
}

/** A hundred thousand files. */
const longest = 32 << 20;
const format = "dkms-agent digests 1";

function textOf(lines: readonly (readonly [string, Entry | undefined])[]): string {
  return JSON.stringify([format, ...lines.map(([path, entry]) => [path, ...(entry ?? [])])]);
}

function parseLine(line: unknown): [string, Entry][] {
  if (!Array.isArray(line) || line.length !== 7) return [];
  const [path, size, mtime, ctime, inode, device, digest]: readonly unknown[] = line;
  if (typeof path !== "string" || typeof digest !== "string" || digest.length !== 64) return [];
  if (typeof size !== "number" || typeof mtime !== "number" || typeof ctime !== "number") return [];
  if (typeof inode !== "number" || typeof device !== "number") return [];
  return [[path, [size, mtime, ctime, inode, device, digest]]];
}
