import { createHash, randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { createComparer } from "./compare-files.ts";
import { copyTree } from "./copy-tree.ts";
import { createFile } from "./create-file.ts";
import type { CopyFileOptions, DirectoryEntry, EntryKind, FileReads, FileStat, Files, FileWrites } from "./files.ts";
import { syncDirectory } from "./sync-directory.ts";
import { isSystemError } from "./system-error.ts";

/** The real file system (see {@link Files} for the rules that every function keeps). */
export const localFiles: Files = { ...reads(), ...writes() };

function reads(): FileReads {
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

function writes(): FileWrites {
  return {
    makeDirectory,
    makeTemporaryDirectory: (prefix) => fs.mkdtempSync(prefix),
    writeAtomic,
    append,
    copyFile,
    rename: (from, to) => {
      rename(from, to);
      syncDirectory(path.dirname(to));
    },
    link: (existing, to) => fs.linkSync(existing, to),
    symlinkAtomic: (target, link) => {
      const temporary = temporaryName(link);
      fs.symlinkSync(target, temporary);
      renameOrRemove(temporary, link);
    },
    remove: (file) => fs.rmSync(file, { recursive: true, force: true }),
    removeIfEmpty,
    setMode: (file, mode) => fs.chmodSync(file, mode),
    create: createFile,
  };
}

/** System error codes that mean "absent"; `ENOTDIR` because a file may stand where a directory was looked for. */
const absentCodes = ["ENOENT", "ENOTDIR"];
/** Both are allowed for a directory that is not empty: see rmdir(2). */
const fullCodes = ["ENOTEMPTY", "EEXIST"];

function ifPresent<T>(read: () => T, alsoAbsent: readonly string[] = []): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isSystemError(error) && (absentCodes.includes(error.code) || alsoAbsent.includes(error.code))) return undefined;
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

/** Not by mkdirSync's `recursive`, which says ENOENT where a read-only file system says EROFS. */
function makeDirectory(directory: string): void {
  if (fs.statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = path.dirname(directory);
  if (parent !== directory) makeDirectory(parent);
  try {
    fs.mkdirSync(directory);
  } catch (error) {
    // Somebody else, dell/dkms perhaps, was faster.
    if (!fs.statSync(directory, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

function writeAtomic(file: string, content: string | Uint8Array, mode = 0o644): void {
  const temporary = temporaryName(file);
  const descriptor = fs.openSync(temporary, "wx", mode);
  try {
    finishing({ descriptor, file }, () => {
      fs.fchmodSync(descriptor, mode);
      fs.writeFileSync(descriptor, content);
    });
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
  renameOrRemove(temporary, file);
}

/** Half a line, which a full disk leaves, would spoil the one after it. */
function append(file: string, text: string): void {
  const descriptor = fs.openSync(file, "a", 0o600);
  const { size } = fs.fstatSync(descriptor);
  finishing({ descriptor, file }, () => {
    try {
      fs.writeFileSync(descriptor, text);
    } catch (error) {
      fs.ftruncateSync(descriptor, size);
      throw error;
    }
  });
}

function rename(from: string, to: string): void {
  try {
    fs.renameSync(from, to);
  } catch (error) {
    const isMovable = fs.lstatSync(from, quietly)?.isDirectory() && !fs.lstatSync(to, quietly);
    if (!isSystemError(error) || error.code !== "EXDEV" || !isMovable) throw error;
    moveByCopy(from, to);
  }
}

/** The copy is whole and on the disk before anything goes. */
function moveByCopy(from: string, to: string): void {
  try {
    copyTree(localFiles, from, to, { durable: true });
  } catch (error) {
    fs.rmSync(to, { recursive: true, force: true });
    throw error;
  }
  syncDirectory(path.dirname(to));
  fs.rmSync(from, { recursive: true });
}

function copyFile(from: string, to: string, { durable = true }: CopyFileOptions = {}): void {
  const { mode, atime, mtime } = fs.statSync(from);
  try {
    fs.copyFileSync(from, to, fs.constants.COPYFILE_FICLONE | fs.constants.COPYFILE_EXCL);
    if (!durable) {
      fs.utimesSync(to, atime, mtime);
      return;
    }
    const descriptor = fs.openSync(to, "r+");
    finishing({ descriptor, file: to }, () => {
      fs.fchmodSync(descriptor, mode & 0o7777);
      fs.futimesSync(descriptor, atime, mtime);
    });
  } catch (error) {
    // What exists already is not ours to remove.
    if (!(isSystemError(error) && error.code === "EEXIST")) fs.rmSync(to, { force: true });
    throw error;
  }
}

function removeIfEmpty(directory: string): boolean {
  try {
    fs.rmdirSync(directory);
    return true;
  } catch (error) {
    if (isSystemError(error) && (absentCodes.includes(error.code) || fullCodes.includes(error.code))) return false;
    throw error;
  }
}

/** Hidden, so that neither depmod nor dell/dkms ever takes it for the real thing; recognised as debris by the scan. */
export const temporaryPrefix = ".dkms-agent-";

function temporaryName(file: string): string {
  return path.join(path.dirname(file), `${temporaryPrefix}${randomBytes(6).toString("hex")}`);
}

function renameOrRemove(temporary: string, file: string): void {
  try {
    fs.renameSync(temporary, file);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(path.dirname(file));
}

/** Writes, forces the content to the disk, and closes whatever happens. Errors name the file. */
function finishing({ descriptor, file }: { descriptor: number; file: string }, write: () => void): void {
  try {
    write();
    fs.fsyncSync(descriptor);
  } catch (error) {
    // What goes through a descriptor does not know of which file it is.
    if (isSystemError(error) && error.path === undefined) Object.assign(error, { path: file });
    throw error;
  } finally {
    fs.closeSync(descriptor);
  }
}
