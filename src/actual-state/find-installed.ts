import path from "node:path";
import type { ObjectSpec } from "../dkms/conf/dkms-conf.ts";
import { destinationDirectory } from "../dkms/destination.ts";
import { indexObjects } from "../dkms/find-objects.ts";
import type { KernelId } from "../dkms/id.ts";
import { objectSuffixes } from "../dkms/kernel.ts";
import { objectFile } from "../dkms/object-link.ts";
import { objectName } from "../dkms/object-name.ts";
import { inside } from "../dkms/path-component.ts";
import { kernelDirectory } from "../dkms/tree-layout.ts";
import type { EntryKind } from "../host/files.ts";
import { remember, type Scan } from "./scan.ts";

/** What is looked for in a kernel's install tree. */
export interface Wanted {
  readonly kernel: KernelId;
  /** File name below module/. */
  readonly file: string;
  /** What dkms.conf says of the object; `undefined` if it cannot be evaluated, or no longer names the object. */
  readonly spec: ObjectSpec | undefined;
}

export interface InstalledPlace {
  readonly path: string;
  readonly isLink: boolean;
}

/**
 * Every place where an object may have been installed and where there is one of its name, the likeliest first: where
 * the distribution sends it, where dkms.conf says, and, without dkms.conf, wherever a same-named object lies. Throws
 * what the file system throws.
 */
export function findInstalled(scan: Scan, wanted: Wanted): readonly InstalledPlace[] {
  const stem = objectName(wanted.file) ?? wanted.file;
  if (!wanted.spec) return objectsNamed(scan, wanted.kernel, stem);
  const suffix = wanted.file.slice(stem.length);
  const suffixes = [suffix, ...objectSuffixes.filter((other) => other !== suffix)];
  return destinations(scan, wanted.kernel, wanted.spec).flatMap((directory) => {
    const kinds = remember(scan.listings, directory, () => kindsIn(scan, directory));
    return suffixes
      .map((one) => stem + one)
      .filter((name) => kinds.has(name))
      .map((name) => ({ path: inside(directory, name), isLink: kinds.get(name) === "link" }))
      .filter((place) => isFile(scan, place, kinds));
  });
}

function kindsIn({ host }: Scan, directory: string): ReadonlyMap<string, EntryKind> {
  return new Map((host.files.list(directory) ?? []).map(({ name, kind }) => [name, kind]));
}

function isFile({ host }: Scan, place: InstalledPlace, kinds: ReadonlyMap<string, EntryKind>): boolean {
  if (place.isLink) return host.files.stat(objectFile(host, place.path))?.kind === "file";
  return kinds.get(path.basename(place.path)) === "file";
}

/** Where an object should be installed: what a message names when it is not there. */
export function expectedPath(scan: Scan, { kernel, file, spec }: Wanted): string {
  const [directory = kernelDirectory(scan.host.paths, kernel.release)] = spec ? destinations(scan, kernel, spec) : [];
  return path.join(directory, file);
}

function destinations(scan: Scan, { release }: KernelId, spec: ObjectSpec): readonly string[] {
  const { host, distribution } = scan;
  return remember(scan.destinations, `${release} ${spec.destLocation}`, () => {
    const top = kernelDirectory(host.paths, release);
    const places = [destinationDirectory(spec, distribution, host.paths.addonModules), spec.destLocation];
    return [...new Set(places.map((place) => path.join(top, place).replace(/\/$/, "")))];
  });
}

function objectsNamed({ host, indexes }: Scan, kernel: KernelId, stem: string): readonly InstalledPlace[] {
  const top = kernelDirectory(host.paths, kernel.release);
  const found = remember(indexes, top, () => indexObjects(host, top)).get(stem) ?? [];
  return found.map((object) => ({ path: object.path, isLink: object.target !== undefined }));
}
