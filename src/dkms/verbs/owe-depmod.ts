import path from "node:path";
import type { Host } from "../../host/host.ts";
import type { KernelId } from "../id.ts";
import { depmodMark, depmodRecord } from "../state-layout.ts";
import type { FileChanges } from "./file-changes.ts";

/**
 * Notes that what is installed for a kernel is about to change, so that a run that is killed before it comes to depmod
 * is made up for by the next one. Only depmod removes it, also where the change is taken back: a depmod that failed
 * halfway may have written down some of it, and another module's change may count on the same note. Nothing is noted where
 * depmod has never been.
 */
export function oweDepmod({ files, paths }: Host, kernel: KernelId, changes: FileChanges): void {
  if (files.stat(moduleList(paths.installTree, kernel)) === undefined) return;
  const mark = depmodMark(paths, kernel);
  const owe = () => {
    if (files.stat(mark) !== undefined) return;
    files.makeDirectory(path.dirname(mark));
    files.writeAtomic(mark, "");
  };
  changes.onRestore(owe);
  owe();
}

/** depmod has run: nothing is owed any more, and what it has made of what it saw is final. */
export function settleDepmod(host: Host, kernel: KernelId): void {
  const { files, paths } = host;
  const mark = depmodMark(paths, kernel);
  if (files.lstat(mark) !== undefined) files.remove(mark);
  const record = depmodRecord(paths, kernel);
  files.makeDirectory(path.dirname(record));
  files.writeAtomic(record, lookOf(host, kernel));
}

/**
 * When depmod was last run by us, in milliseconds since 1970; minus infinity, if it never was, or somebody has changed
 * modules.dep or its index since. Throws what the file system throws.
 */
export function lastDepmod(host: Pick<Host, "files" | "paths">, kernel: KernelId): number {
  const record = depmodRecord(host.paths, kernel);
  const look = host.files.readText(record);
  const stat = host.files.stat(record);
  return stat && look === lookOf(host, kernel) ? stat.mtimeMs : Number.NEGATIVE_INFINITY;
}

function lookOf({ files, paths }: Pick<Host, "files" | "paths">, kernel: KernelId): string {
  const list = moduleList(paths.installTree, kernel);
  const lines = [list, `${list}.bin`].map((place) => {
    const stat = files.stat(place);
    return stat ? `${stat.inode} ${stat.size} ${stat.mtimeMs}` : "absent";
  });
  return `${lines.join("\n")}\n`;
}

/** What depmod makes; where it is absent, depmod has never been. */
export function moduleList(installTree: string, { release }: KernelId): string {
  return path.join(installTree, release, "modules.dep");
}
