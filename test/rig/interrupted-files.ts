import fs from "node:fs";
import path from "node:path";
import type { Files, FileWrites } from "../../src/host/files.ts";
import { localFiles, temporaryPrefix } from "../../src/host/local-files.ts";

/** The real files with something that happens around writes; they are counted from 1. */
export interface WatchedFiles {
  readonly files: Files;
  readonly writes: () => number;
}

/** The write of this number finds the disk full; all others succeed. */
export function filesFullAt(number: number): WatchedFiles {
  return watchWrites((count, name) => {
    if (count === number) throw systemError("ENOSPC", name);
  });
}

/** From the write of this number on nothing reaches the disk but one half of it: what a kill leaves behind. */
export function filesKilledAt(number: number): WatchedFiles {
  return watchWrites((count, name, args) => {
    if (count === number) leaveHalf(name, args);
    if (count >= number) throw systemError("EIO", name);
  });
}

/** The temporary file of an atomic write, a copy of no length, a tree that has lost something. */
function leaveHalf(name: string, args: readonly unknown[]): void {
  const [first, second] = args.map(String);
  if (first === undefined) return;
  const file = name === "symlink" && second !== undefined ? second : first;
  const temporary = path.join(path.dirname(file), `${temporaryPrefix}0123456789ab`);
  if (name === "write" || name === "symlink") fs.writeFileSync(temporary, "");
  if (name === "copyfile" && second !== undefined) fs.writeFileSync(second, "");
  if (name === "create") fs.writeFileSync(first, "");
  const entries =
    name === "rm" && fs.lstatSync(file, { throwIfNoEntry: false })?.isDirectory() ? fs.readdirSync(file) : [];
  for (const entry of entries.slice(0, 1)) fs.rmSync(path.join(file, entry), { recursive: true });
}

/** `look` is called after every write. */
export function filesWatchedBy(look: () => void): WatchedFiles {
  return watchWrites(() => {}, look);
}

type Before = (count: number, name: string, args: readonly unknown[]) => void;

function watchWrites(before: Before, after: () => void = () => {}): WatchedFiles {
  let count = 0;
  const watch =
    <A extends readonly unknown[], R>(name: string, write: (...args: A) => R) =>
    (...args: A): R => {
      count += 1;
      before(count, name, args);
      const result = write(...args);
      after();
      return result;
    };
  const writes: FileWrites = {
    makeDirectory: watch("mkdir", localFiles.makeDirectory),
    makeTemporaryDirectory: watch("mkdtemp", localFiles.makeTemporaryDirectory),
    writeAtomic: watch("write", localFiles.writeAtomic),
    append: watch("append", localFiles.append),
    copyFile: watch("copyfile", localFiles.copyFile),
    rename: watch("rename", localFiles.rename),
    link: watch("link", localFiles.link),
    symlinkAtomic: watch("symlink", localFiles.symlinkAtomic),
    remove: watch("rm", localFiles.remove),
    removeIfEmpty: watch("rmdir", localFiles.removeIfEmpty),
    setMode: watch("chmod", localFiles.setMode),
    create: watch("create", localFiles.create),
  };
  return { files: { ...localFiles, ...writes }, writes: () => count };
}

function systemError(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: ${syscall}`), { code, syscall });
}
