import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { copyTree } from "./copy-tree.ts";
import { createFile } from "./create-file.ts";
import type { CopyFileOptions, Files, FileWrites } from "./files.ts";
import { localReads } from "./local-reads.ts";
import { syncDirectory } from "./sync-directory.ts";
import { isAbsence, isSystemError } from "./system-error.ts";

/** The real file system (see {@link Files} for the rules that every function keeps). */
export const localFiles: Files = { ...localReads, ...localWrites() };

function localWrites(): FileWrites {
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
    const isMovable = localReads.lstat(from)?.kind === "directory" && localReads.lstat(to) === undefined;
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

/** Both are allowed for a directory that is not empty: see rmdir(2). */
const fullCodes = ["ENOTEMPTY", "EEXIST"];

function removeIfEmpty(directory: string): boolean {
  try {
    fs.rmdirSync(directory);
    return true;
  } catch (error) {
    if (isAbsence(error) || (isSystemError(error) && fullCodes.includes(error.code))) return false;
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
