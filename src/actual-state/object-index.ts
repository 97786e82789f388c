import path from "node:path";
import { objectSuffixes } from "../dkms/kernel.ts";
import type { FileReads } from "../host/files.ts";

/** Object name without suffix -> absolute paths. */
export type ObjectIndex = ReadonlyMap<string, readonly string[]>;

/** Every object below the places of a kernel's install tree where DKMS may have put one. Links are not followed. */
export function indexObjects(files: Pick<FileReads, "list">, kernelDirectory: string): ObjectIndex {
  const index = new Map<string, string[]>();
  for (const place of ["updates", "extra", "kernel"]) addObjects(files, path.join(kernelDirectory, place), index);
  return index;
}

/** `ddcci.ko.xz` is `ddcci`; `undefined` for what is no kernel object. */
export function objectStem(file: string): string | undefined {
  const suffix = objectSuffixes.find((candidate) => file.endsWith(candidate));
  return suffix && file.slice(0, -suffix.length);
}

function addObjects(files: Pick<FileReads, "list">, directory: string, index: Map<string, string[]>): void {
  for (const { name, kind } of files.list(directory) ?? []) {
    const place = path.join(directory, name);
    const stem = objectStem(name);
    if (kind === "directory") addObjects(files, place, index);
    else if (stem !== undefined) index.set(stem, [...(index.get(stem) ?? []), place]);
  }
}
