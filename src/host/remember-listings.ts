import type { DirectoryEntry, FileReads, FileStat } from "./files.ts";
import { isSettled } from "./settled.ts";

type Listing = ReturnType<FileReads["list"]>;

interface Known {
  readonly stat: FileStat;
  readonly entries: readonly DirectoryEntry[];
}

/**
 * Lists directories as `files.list` does, and those below `top` from memory as long as they look as they did when they
 * were read: by the rule of digests (known-digests.ts), also for what changed a moment before. A kernel's install tree has
 * hundreds of directories, and each install looks through all of them.
 */
export function rememberListings(
  { list, stat }: Pick<FileReads, "list" | "stat">,
  top: string,
  clock: () => Date,
): FileReads["list"] {
  const known = new Map<string, Known>();
  return (directory): Listing => {
    if (!directory.startsWith(`${top}/`)) return list(directory);
    // Before it is read: a change meanwhile must not look as if it had been seen.
    const now = stat(directory);
    const before = known.get(directory);
    if (before && now && looksTheSame(before.stat, now)) return before.entries;
    const readAt = clock().getTime();
    const entries = list(directory);
    if (entries && now && isSettled(now, readAt)) known.set(directory, { stat: now, entries });
    else known.delete(directory);
    return entries;
  };
}

function looksTheSame(one: FileStat, other: FileStat): boolean {
  return (
    one.ctimeMs === other.ctimeMs &&
    one.mtimeMs === other.mtimeMs &&
    one.inode === other.inode &&
    one.device === other.device
  );
}
