import { type BigIntStats, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** What a tree looked like: for each path, what would differ if it had been written to. */
export type Snapshot = ReadonlyMap<string, string>;

/**
 * Looks at everything below a directory: kinds, sizes, modes, owners, link targets and the times of last change, to
 * the nanosecond. Contents are not read. A directory that is not there gives an empty snapshot.
 *
 * @param except names below the directory that are left out
 */
export function snapshot(directory: string, except: readonly string[] = []): Snapshot {
  const found = new Map<string, string>();
  const visit = (path: string): void => {
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (!stat) return;
    found.set(path, describe(path, stat));
    if (stat.isDirectory()) for (const name of readdirSync(path)) visitUnlessExcepted(join(path, name));
  };
  const excepted = new Set(except.map((name) => join(directory, name)));
  const visitUnlessExcepted = (path: string): void => {
    if (!excepted.has(path)) visit(path);
  };
  visit(directory);
  return found;
}

/** One line for each path that was added, removed or written to, sorted by path. */
export function differences(before: Snapshot, after: Snapshot): string[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths.flatMap((path) => {
    const [old, now] = [before.get(path), after.get(path)];
    if (old === now) return [];
    return [old === undefined ? `added ${path}` : now === undefined ? `removed ${path}` : `changed ${path}`];
  });
}

function describe(path: string, stat: BigIntStats): string {
  const target = stat.isSymbolicLink() ? readlinkSync(path) : "";
  return [stat.mode, stat.uid, stat.gid, stat.size, stat.mtimeNs, stat.ctimeNs, target].join(" ");
}
