import type { Host } from "../host/host.ts";
import { fieldsOf, parseJson, textsOf } from "./json-fields.ts";
import { lastAppliedFile } from "./state-layout.ts";

/** What was asked for of each place when it was last brought there: see plan/wishes.ts. */
export interface Wishes {
  /** What becomes of modules that no document lists. */
  readonly unlisted: string;
  readonly places: ReadonlyMap<string, string>;
}

/**
 * What earlier runs were asked for, and came to; `undefined` if there was none, `unusable` if nobody can tell. Throws what
 * the file system throws.
 */
export function readLastApplied({ files, paths }: Pick<Host, "files" | "paths">): Wishes | "unusable" | undefined {
  const text = files.readText(lastAppliedFile(paths));
  return text === undefined ? undefined : (parseWishes(text) ?? "unusable");
}

/** Remembers it, unless that is what the file says already. Throws what the file system throws. */
export function writeLastApplied({ files, paths }: Pick<Host, "files" | "paths">, wishes: Wishes): void {
  const file = lastAppliedFile(paths);
  const sorted = [...wishes.places].sort(([a], [b]) => (a < b ? -1 : 1));
  const value = { format: 1, unlisted: wishes.unlisted, places: Object.fromEntries(sorted) };
  const text = `${JSON.stringify(value, undefined, 1)}\n`;
  if (files.readText(file) !== text) files.writeAtomic(file, text);
}

function parseWishes(text: string): Wishes | undefined {
  const fields = fieldsOf(parseJson(text));
  const [unlisted, places] = [fields?.get("unlisted"), textsOf(fields?.get("places"))];
  return fields?.get("format") === 1 && typeof unlisted === "string" && places ? { unlisted, places } : undefined;
}
