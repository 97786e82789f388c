import path from "node:path";
import type { Host } from "../../host/host.ts";
import type { KernelId } from "../id.ts";
import { depmodMark } from "../state-layout.ts";
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

/** depmod has run: nothing is owed any more. */
export function settleDepmod({ files, paths }: Host, kernel: KernelId): void {
  const mark = depmodMark(paths, kernel);
  if (files.lstat(mark) !== undefined) files.remove(mark);
}

/** What depmod makes; where it is absent, depmod has never been. */
export function moduleList(installTree: string, { release }: KernelId): string {
  return path.join(installTree, release, "modules.dep");
}
