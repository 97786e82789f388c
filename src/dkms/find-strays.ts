import type { DirectoryEntry } from "../host/files.ts";
import { temporaryPrefix } from "../host/local-files.ts";
import { nameProblem } from "./id.ts";
import { inside } from "./path-component.ts";
import { originalsName, originSuffix } from "./tree-layout.ts";
import { attempt, type Look, listing } from "./tree-look.ts";

/** What killed runs left of a package, whatever the version: see verbs/sweep.ts. */
export interface Strays {
  readonly name: string;
  /** Absolute, never empty. All of it can be deleted. */
  readonly paths: readonly string[];
}

/** What lies beside the versions of a package. `entries`: all of `directory` that is no version. */
export function findStrays(
  look: Look,
  directory: string,
  { entries, hasVersions }: { readonly entries: readonly DirectoryEntry[]; readonly hasVersions: boolean },
): readonly string[] {
  return !hasVersions && isEmpty(look, directory) ? [directory] : straysAmong(look, directory, entries);
}

/** An active link, whether it leads anywhere or not. */
export function isActiveLink({ name, kind }: DirectoryEntry): boolean {
  return kind === "link" && name.startsWith("kernel-");
}

/** Temporary files, active links that lead nowhere, and directories without any file: of versions, of saved originals. */
function straysAmong(look: Look, directory: string, entries: readonly DirectoryEntry[]): string[] {
  return entries.flatMap((entry) => {
    const place = inside(directory, entry.name);
    if (entry.name.startsWith(temporaryPrefix)) return [place];
    if (isActiveLink(entry)) {
      return attempt(look, place, () => look.host.files.stat(place) === undefined) ? [place] : [];
    }
    if (entry.kind !== "directory" || nameProblem(entry.name) !== undefined) return [];
    if (isEmpty(look, place)) return [place];
    return entry.name === originalsName ? uselessBelow(look, place) : [];
  });
}

/** Whether there is nothing in it but directories. What could not be listed is not empty. */
function isEmpty(look: Look, directory: string): boolean {
  const entries = attempt({ findings: [] }, directory, () => look.host.files.list(directory));
  return entries?.every(({ name, kind }) => kind === "directory" && isEmpty(look, inside(directory, name))) ?? false;
}

/** Of saved originals: temporary files, and where an object came from that is not kept (any more). */
function uselessBelow(look: Look, directory: string): string[] {
  const entries = listing(look, directory);
  const names = new Set(entries.map(({ name }) => name));
  return entries.flatMap(({ name, kind }) => {
    const place = inside(directory, name);
    const isLonely = name.endsWith(originSuffix) && !names.has(name.slice(0, -originSuffix.length));
    if (name.startsWith(temporaryPrefix) || isLonely) return [place];
    return kind === "directory" ? uselessBelow(look, place) : [];
  });
}
