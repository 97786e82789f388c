import type { Host } from "../host/host.ts";
import { lastAppliedFile } from "./tree-layout.ts";

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
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const fields = fieldsOf(value);
  const [unlisted, places] = [fields?.get("unlisted"), fieldsOf(fields?.get("places"))];
  if (fields?.get("format") !== 1 || typeof unlisted !== "string" || !places) return undefined;
  const told = [...places].flatMap(([place, wish]) => (typeof wish === "string" ? [[place, wish] as const] : []));
  return { unlisted, places: new Map(told) };
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  return typeof value === "object" && value !== null ? new Map(Object.entries(value)) : undefined;
}
