import fs from "node:fs";
import type { NewFile } from "./files.ts";

/** See `create` of FileWrites. */
export function createFile(path: string, { mode, mtime }: { mode: number; mtime: number }): NewFile {
  const descriptor = fs.openSync(path, "wx", mode);
  return {
    write: (piece) => {
      for (let done = 0; done < piece.length; ) done += fs.writeSync(descriptor, piece, done);
    },
    finish: () => {
      try {
        // Whatever the umask takes away.
        fs.fchmodSync(descriptor, mode);
        fs.futimesSync(descriptor, mtime, mtime);
      } finally {
        fs.closeSync(descriptor);
      }
    },
    abandon: () => fs.closeSync(descriptor),
  };
}
