import type { Files, FileWrites } from "../../src/host/files.ts";
import { localFiles } from "../../src/host/local-files.ts";

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

/** From the write of this number on nothing reaches the disk: what a kill leaves behind. */
export function filesKilledAt(number: number): WatchedFiles {
  return watchWrites((count, name) => {
    if (count >= number) throw systemError("EIO", name);
  });
}

/** `look` is called after every write. */
export function filesWatchedBy(look: () => void): WatchedFiles {
  return watchWrites(() => {}, look);
}

function watchWrites(before: (count: number, name: string) => void, after: () => void = () => {}): WatchedFiles {
  let count = 0;
  const watch =
    <A extends readonly unknown[], R>(name: string, write: (...args: A) => R) =>
    (...args: A): R => {
      count += 1;
      before(count, name);
      const result = write(...args);
      after();
      return result;
    };
  const writes: FileWrites = {
    makeDirectory: watch("mkdir", localFiles.makeDirectory),
    makeTemporaryDirectory: watch("mkdtemp", localFiles.makeTemporaryDirectory),
    writeAtomic: watch("write", localFiles.writeAtomic),
    append: watch("write", localFiles.append),
    copyFile: watch("copyfile", localFiles.copyFile),
    rename: watch("rename", localFiles.rename),
    link: watch("link", localFiles.link),
    symlinkAtomic: watch("symlink", localFiles.symlinkAtomic),
    remove: watch("rm", localFiles.remove),
    removeIfEmpty: watch("rmdir", localFiles.removeIfEmpty),
    setMode: watch("chmod", localFiles.setMode),
  };
  return { files: { ...localFiles, ...writes }, writes: () => count };
}

function systemError(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: ${syscall}`), { code, syscall });
}
