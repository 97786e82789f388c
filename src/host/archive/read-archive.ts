import { archiveFault } from "./archive-fault.ts";
import type { ArchiveLimits } from "./archive-limits.ts";
import { type ArchiveReading, archivePieces } from "./archive-pieces.ts";
import { entryPath } from "./entry-path.ts";
import { readTar, type TarEntry } from "./read-tar.ts";

/** One file of an archive whose name and kind were checked: no entry leads out of the archive's root. */
export interface ArchiveEntry {
  /** Below the root: no `..`, no empty part; empty for the root itself. */
  readonly path: string;
  readonly kind: "file" | "directory" | "link" | "hard-link";
  /** What a link says, or the path of the file that a hard link is another name of; otherwise empty. */
  readonly target: string;
  readonly isProgram: boolean;
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** Of a file: to be read before the next entry is asked for. */
  readonly content: AsyncIterable<Buffer>;
}

/**
 * The entries of a tar archive, packed or not, one after the other. Refuses what no archive of modules may hold: names that
 * lead out, devices and FIFOs, links that lead out, one name twice, anything below a link or a file, more than the limits.
 * Of modes only whether a file can be run is kept. Throws an ArchiveFault, or what the file system throws; stops with the
 * signal's reason.
 */
export async function* readArchive(file: string, reading: ArchiveReading): AsyncGenerator<ArchiveEntry, undefined> {
  const { limits } = reading;
  const known = new Map<string, ArchiveEntry["kind"]>([["", "directory"]]);
  const room = { names: mostNameBytes };
  for await (const entry of readTar(archivePieces(file, reading))) {
    const path = nameOf(entry.name, "an entry");
    const kind = kindOf(entry, path);
    room.names -= entry.name.length + entry.linkName.length;
    if (room.names < 0) throw archiveFault("limit", `has names of more than ${mostNameBytes} bytes`);
    note(known, path, kind);
    if (known.size - 1 > limits.entries) throw archiveFault("limit", `holds more than ${limits.entries} files`);
    checkSize(entry, path, limits);
    const { size, mtime, content } = entry;
    const target = targetOf(entry, { path, kind, known });
    yield { path, kind, target, isProgram: (entry.mode & 0o111) !== 0, size, mtime, content };
  }
}

/** They are kept to the end. */
const mostNameBytes = 16 << 20;

function nameOf(name: Buffer, what: string): string {
  const path = entryPath(name);
  if (path.ok) return path.value;
  throw archiveFault("refused", `holds ${what} whose name ${path.error}: ${quote(name)}`);
}

function kindOf({ type }: TarEntry, path: string): ArchiveEntry["kind"] {
  const kind = kinds[type];
  if (kind !== undefined) return kind;
  const what = refusedKinds[type] ?? `an entry of type ${JSON.stringify(type)}`;
  throw archiveFault("refused", `holds ${what}: ${path}`);
}

const kinds: Readonly<Record<string, ArchiveEntry["kind"]>> = {
  "0": "file",
  "1": "hard-link",
  "2": "link",
  "5": "directory",
};

const refusedKinds: Readonly<Record<string, string>> = {
  "3": "a device",
  "4": "a device",
  "6": "a FIFO",
  S: "a sparse file",
  M: "a part of a file whose rest is in another archive",
};

/** Every directory above an entry counts as one too, whether the archive names it or not. */
function note(known: Map<string, ArchiveEntry["kind"]>, path: string, kind: ArchiveEntry["kind"]): void {
  const before = known.get(path);
  if (before !== undefined && (before !== "directory" || kind !== "directory"))
    throw archiveFault("refused", `holds the same name twice: ${path || "."}`);
  known.set(path, kind);
  for (let above = parentOf(path); ; above = parentOf(above)) {
    const there = known.get(above);
    if (there === "directory") return;
    if (there !== undefined) throw archiveFault("refused", `holds ${path}, and ${above} is no directory`);
    known.set(above, "directory");
  }
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

function checkSize({ size }: TarEntry, path: string, limits: ArchiveLimits): void {
  if (size <= limits.fileBytes) return;
  throw archiveFault("limit", `holds a file of ${size} bytes, more than ${limits.fileBytes}: ${path}`);
}

interface LinkPlace {
  readonly path: string;
  readonly kind: ArchiveEntry["kind"];
  readonly known: ReadonlyMap<string, ArchiveEntry["kind"]>;
}

function targetOf({ linkName }: TarEntry, { path, kind, known }: LinkPlace): string {
  if (kind === "hard-link") {
    const target = nameOf(linkName, `a hard link (${path})`);
    if (known.get(target) === "file") return target;
    throw archiveFault("refused", `holds a hard link to what is no file before it: ${path} -> ${target}`);
  }
  if (kind !== "link") return "";
  const target = linkName.toString("utf8");
  const problem = linkProblem(path, linkName);
  if (problem === undefined) return target;
  throw archiveFault("refused", `holds a link that ${problem}: ${path} -> ${quote(linkName)}`);
}

/**
 * Why a link may lead out of the directory `top`, below the archive's root; `undefined` if it cannot, whatever other links
 * say. It may climb first and descend then: having descended through a link, a `..` would count from wherever that led.
 */
export function linkProblem(path: string, target: Buffer, top = ""): string | undefined {
  const text = target.toString("utf8");
  if (target.length === 0) return "leads nowhere";
  if (target.includes(0) || !Buffer.from(text).equals(target)) return "is not UTF-8";
  if (text.startsWith("/")) return "is absolute";
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  const climbs = parts.findIndex((part) => part !== "..");
  const down = climbs < 0 ? [] : parts.slice(climbs);
  const depth = path.split("/").length - 1 - (top === "" ? 0 : top.split("/").length);
  if (down.includes("..") || parts.length - down.length > depth) return "leads out of its directory";
  return undefined;
}

/** A name with whatever bytes, for a message. */
function quote(name: Buffer): string {
  return JSON.stringify(name.subarray(0, 200).toString("latin1"));
}
