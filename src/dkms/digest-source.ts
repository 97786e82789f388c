import { createHash, type Hash } from "node:crypto";
import path from "node:path";
import type { DirectoryEntry, Files } from "../host/files.ts";
import { type Failure, fail, type Result, succeed } from "./failure.ts";
import { ioFailure } from "./io-failure.ts";

/**
 * SHA-256, lower-case hexadecimal, over a source directory: every name below it, whether it is executable, contents and
 * link targets. Two directories with the same digest build the same. Links are digested as links and never followed.
 *
 * Fails with E_NO_SOURCE if the directory is absent or holds something that is neither file, directory nor link, else
 * with the code of what the file system said.
 */
export function digestSource(files: Files, directory: string): Result<string> {
  const hash = createHash("sha256");
  try {
    const entries = files.list(directory);
    if (!entries) return fail("E_NO_SOURCE", `The source directory ${directory} does not exist.`, { path: directory });
    const refused = digestEntries({ files, hash, directory, below: "" }, entries);
    return refused ? { ok: false, error: refused } : succeed(hash.digest("hex"));
  } catch (error) {
    return ioFailure(error, `read the source ${directory}`);
  }
}

/**
 * Whether an entry of a source directory belongs to the source. A version control system's own directory does not: it
 * changes with every fetch, though nothing does that a build may depend on. Copying goes by the same rule, so that a
 * copy has its original's digest.
 */
export function isSource(name: string): boolean {
  return ![".git", ".hg", ".svn", ".bzr"].includes(name);
}

interface Walk {
  readonly files: Files;
  readonly hash: Hash;
  readonly directory: string;
  /** The directory's name below the source, empty or ending in a slash. */
  readonly below: string;
}

/** Entries come sorted, so the order is the same on every machine. */
function digestEntries(walk: Walk, entries: readonly DirectoryEntry[]): Failure | undefined {
  for (const entry of entries.filter(({ name }) => isSource(name))) {
    const refused = digestEntry(walk, entry);
    if (refused) return refused;
  }
  return undefined;
}

function digestEntry(walk: Walk, { name, kind }: DirectoryEntry): Failure | undefined {
  const { files, hash } = walk;
  const place = path.join(walk.directory, name);
  const relative = walk.below + name;
  switch (kind) {
    case "directory":
      addLine(hash, ["directory", relative]);
      return digestEntries({ files, hash, directory: place, below: `${relative}/` }, files.list(place) ?? []);
    case "link":
      addLine(hash, ["link", relative, files.readLink(place) ?? ""]);
      return undefined;
    case "file": {
      // Only whether it can be run: the other bits depend on the umask of whoever unpacked it.
      const isProgram = ((files.stat(place)?.mode ?? 0) & 0o100) !== 0;
      addLine(hash, [isProgram ? "program" : "file", relative, files.sha256(place) ?? ""]);
      return undefined;
    }
    case "other":
      return fail("E_NO_SOURCE", `${place} is a device, a socket or a FIFO, which no source may hold.`, {
        path: place,
        remedy: "Remove it from the source directory.",
      }).error;
  }
}

/** NUL cannot be part of a name, so no two different trees give the same bytes. */
function addLine(hash: Hash, parts: readonly string[]): void {
  hash.update(`${parts.join("\0")}\0\n`);
}
