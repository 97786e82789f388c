import type { Host } from "../../host/host.ts";
import { type FoundObject, findObjects } from "../find-objects.ts";
import { type Claims, type HashedObject, isOwn } from "../footprint.ts";
import type { InstanceId } from "../id.ts";
import { kernelDirectory } from "../tree-layout.ts";
import { findRivals, type Rival } from "./find-rivals.ts";

export interface SortedObjects {
  readonly own: readonly HashedObject[];
  readonly others: readonly FoundObject[];
  /** Other packages' objects of the same names. */
  readonly rivals: readonly Rival[];
}

export interface OwnQuery {
  readonly instance: InstanceId;
  /** What may be the module's own. */
  readonly prints: Claims["prints"];
  /** Names to look for beside those of the prints. */
  readonly names?: readonly string[];
}

/** What lies in a kernel's install tree under a module's names, by whose it is: see {@link isOwn}. */
export function findOwnObjects(host: Host, { instance, prints, names = [] }: OwnQuery): SortedObjects {
  const { files, paths } = host;
  const all = new Set([...names, ...prints.flatMap((print) => [...print.names])]);
  const rivals = findRivals(host, instance, all);
  const owner = { name: instance.module.name, kernel: instance.kernel };
  const claims = { prints, owner, rivals: new Set(rivals.map(({ sha256 }) => sha256)) };
  const own: HashedObject[] = [];
  const others: FoundObject[] = [];
  for (const found of findObjects(host, kernelDirectory(paths, instance.kernel.release), all)) {
    const hashed = { ...found, sha256: files.sha256(found.target?.file ?? found.path) ?? "" };
    if (isOwn(hashed, claims)) own.push(hashed);
    // Another's link has no content of its own that could be kept.
    else if (!found.target) others.push(found);
  }
  return { own, others, rivals };
}
