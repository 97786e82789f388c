import type { DirectoryEntry } from "../host/files.ts";
import { temporaryPrefix } from "../host/local-files.ts";
import type { ModuleId } from "./id.ts";
import { inside } from "./path-component.ts";
import {
  moduleDirectory,
  sourceDirectory,
  sourceMarkFile,
  sourceMarkName,
  sourceName,
  tarballsName,
} from "./tree-layout.ts";
import { attempt, type Look, listing } from "./tree-look.ts";

/**
 * What killed runs left of a version, but for what lies below its kernels: see verbs/repair.ts. `entries`: all of its
 * directory. Absolute paths; all of it can be deleted.
 */
export function findLeftovers(look: Look, id: ModuleId, entries: readonly DirectoryEntry[]): string[] {
  const directory = moduleDirectory(look.host.paths, id);
  const debris = entries
    .filter((entry) => isDebris(entry) || isLeftBuild(look, directory, entry))
    .map(({ name }) => inside(directory, name));
  return [...debris, ...halfPacked(look, directory, entries), ...idleMark(look, id, entries)];
}

/** dell/dkms stages in `.tmp_*`. */
export function isDebris({ name }: DirectoryEntry): boolean {
  return name.startsWith(".tmp_") || name.startsWith(temporaryPrefix);
}

/** A build directory stays behind when a build fails or is killed; an empty one is what `add` of dell/dkms makes. */
function isLeftBuild(look: Look, directory: string, { name, kind }: DirectoryEntry): boolean {
  return name === "build" && kind === "directory" && listing(look, inside(directory, name)).length > 0;
}

/** What a mktarball that was killed has left among the tarballs. */
function halfPacked(look: Look, directory: string, entries: readonly DirectoryEntry[]): readonly string[] {
  const place = inside(directory, tarballsName);
  const isThere = entries.some(({ name, kind }) => name === tarballsName && kind === "directory");
  const tarballs = isThere ? listing(look, place) : [];
  return tarballs.filter(({ name }) => name.startsWith(temporaryPrefix)).map(({ name }) => inside(place, name));
}

/** The mark of a source that never came: the run that wrote it was killed. */
function idleMark(look: Look, id: ModuleId, entries: readonly DirectoryEntry[]): readonly string[] {
  const names = entries.map(({ name }) => name);
  if (!names.includes(sourceMarkName) || names.includes(sourceName)) return [];
  const source = sourceDirectory(look.host.paths, id);
  const isIdle = attempt(look, source, () => look.host.files.lstat(source) === undefined);
  return isIdle ? [sourceMarkFile(look.host.paths, id)] : [];
}
