import fs from "node:fs";
import path from "node:path";
import { isSystemError } from "./system-error.ts";

/** A set of directories of which it is told that something in them has changed. */
export interface DirectoryWatch {
  /** Watches these and no others from now on; one that was removed and made again is taken up again. */
  readonly set: (directories: Iterable<string>) => WatchResult;
  readonly close: () => void;
}

export interface WatchResult {
  /** Whether one of them was not watched until now, so that changes in it may have gone by. */
  readonly isNew: boolean;
  /** Those that the system refuses to watch. */
  readonly refused: readonly Unwatched[];
}

export interface Unwatched {
  readonly directory: string;
  /** The system's code, such as ENOSPC where fs.inotify.max_user_watches is reached. */
  readonly code: string;
}

interface Watched {
  readonly inode: number;
  readonly watcher: fs.FSWatcher;
}

/**
 * Calls `changed` whenever a name in one of the directories, or what it stands for, has changed: often several times for one
 * change, and also for what this process does itself. Nothing is known of what was missed before a directory was watched.
 */
export function watchDirectories(changed: () => void): DirectoryWatch {
  const watched = new Map<string, Watched>();
  const drop = (directory: string) => {
    watched.get(directory)?.watcher.close();
    watched.delete(directory);
  };
  return {
    set: (directories) => {
      const wanted = new Set(directories);
      const refused: Unwatched[] = [];
      let isNew = false;
      for (const directory of [...watched.keys()]) if (!wanted.has(directory)) drop(directory);
      for (const directory of wanted) {
        const inode = inodeOf(directory);
        if (inode !== undefined && watched.get(directory)?.inode === inode) continue;
        drop(directory);
        const opened = inode === undefined ? undefined : open(directory, { changed, gone: () => drop(directory) });
        if (typeof opened === "string") refused.push({ directory, code: opened });
        else if (opened && inode !== undefined) watched.set(directory, { inode, watcher: opened });
        isNew ||= watched.has(directory);
      }
      return { isNew, refused };
    },
    close: () => {
      for (const directory of [...watched.keys()]) drop(directory);
    },
  };
}

function inodeOf(directory: string): number | undefined {
  try {
    const stat = fs.statSync(directory, { throwIfNoEntry: false });
    return stat?.isDirectory() ? stat.ino : undefined;
  } catch {
    return undefined;
  }
}

interface Listener {
  readonly changed: () => void;
  /** The directory is not there any more, or not in its place. */
  readonly gone: () => void;
}

/** A watch, or the system's code where there can be none. */
function open(directory: string, { changed, gone }: Listener): fs.FSWatcher | string {
  try {
    const watcher = fs.watch(directory, (type, name) => {
      // So inotify tells of the directory itself. What is made in its place may have its inode.
      if (type === "rename" && name === path.basename(directory)) gone();
      changed();
    });
    watcher.on("error", gone);
    return watcher;
  } catch (error) {
    if (isSystemError(error)) return error.code;
    throw error;
  }
}
