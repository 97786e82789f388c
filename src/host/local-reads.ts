import { createHash } from "node:crypto";
import fs from "node:fs";
import { createComparer } from "./compare-files.ts";
import type { DirectoryEntry, EntryKind, FileReads, FileStat } from "./files.ts";
import { isAbsence, isSystemError } from "./system-error.ts";

/** How the real file system is looked at. */
export const localReads: FileReads = createReads();

function createReads(): FileReads {
  const sameContent = createComparer();
  const hash = createHasher();
  return {
    list: (directory) => ifPresent(() => fs.readdirSync(directory, { withFileTypes: true }).map(toEntry).sort(byName)),
    stat: (file) => ifPresent(() => toStat(fs.statSync(file, quietly))),
    lstat: (file) => ifPresent(() => toStat(fs.lstatSync(file, quietly))),
    readText: (file) => ifPresent(() => fs.readFileSync(file, "utf8")),
    readEnds: (file, bytes) => ifPresent(() => readEnds(file, bytes)),
    readBytes: (file) => ifPresent(() => fs.readFileSync(file)),
    readLink: (file) => ifPresent(() => fs.readlinkSync(file), ["EINVAL"]),
    realPath: (file) => ifPresent(() => fs.realpathSync.native(file), ["ELOOP"]),
    sha256: (file) => ifPresent(() => hash(file)),
    sameContent: (one, other) => ifPresent(() => sameContent(one, other)) ?? false,
  };
}

function ifPresent<T>(read: () => T, alsoAbsent: readonly string[] = []): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isAbsence(error) || (isSystemError(error) && alsoAbsent.includes(error.code))) return undefined;
    throw error;
  }
}

/** Most of what is looked for is not there, and an error takes longer to make than the look. */
const quietly = { throwIfNoEntry: false } as const;

function toEntry(entry: fs.Dirent): DirectoryEntry {
  return { name: entry.name, kind: kindOf(entry) };
}

function kindOf(entry: fs.Dirent | fs.Stats): EntryKind {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "directory";
  return entry.isSymbolicLink() ? "link" : "other";
}

function byName(left: DirectoryEntry, right: DirectoryEntry): number {
  return left.name < right.name ? -1 : 1;
}

function toStat(stat: fs.Stats | undefined): FileStat | undefined {
  if (!stat) return undefined;
  const { size, uid, gid, mtimeMs, ctimeMs, ino: inode, dev: device } = stat;
  return { kind: kindOf(stat), size, mode: stat.mode & 0o7777, uid, gid, mtimeMs, ctimeMs, inode, device };
}

const pieceSize = 1 << 18;

/** Into the same memory, file after file: to touch new memory takes longer than to read. */
function createHasher(): (file: string) => string {
  let piece: Buffer | undefined;
  return (file) => {
    piece ??= Buffer.allocUnsafeSlow(pieceSize);
    return hashFile(file, piece);
  };
}

function readEnds(file: string, bytes: number): string {
  const descriptor = fs.openSync(file, "r");
  try {
    const { size } = fs.fstatSync(descriptor);
    if (size <= 2 * bytes) return fs.readFileSync(descriptor, "utf8");
    const part = (from: number) => {
      const buffer = Buffer.alloc(bytes);
      return buffer.toString("utf8", 0, fs.readSync(descriptor, buffer, 0, bytes, from));
    };
    return `${part(0)}\n[${size - 2 * bytes} bytes are left out]\n${part(size - bytes)}`;
  } finally {
    fs.closeSync(descriptor);
  }
}

function hashFile(file: string, piece: Buffer): string {
  // A FIFO would be waited for, and a device has no end.
  const descriptor = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  try {
    if (!fs.fstatSync(descriptor).isFile()) throw notPlain(file);
    const hash = createHash("sha256");
    for (let read = fs.readSync(descriptor, piece); read > 0; read = fs.readSync(descriptor, piece)) {
      hash.update(piece.subarray(0, read));
    }
    return hash.digest("hex");
  } finally {
    fs.closeSync(descriptor);
  }
}

function notPlain(file: string): Error {
  return Object.assign(new Error(`EINVAL: not a plain file, read '${file}'`), { code: "EINVAL", syscall: "read" });
}
