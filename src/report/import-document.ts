import type { ImportDocument } from "../contract/import-schema.ts";
import { documentHead } from "./json.ts";

export interface Imported {
  readonly file: string | undefined;
  readonly desired: Readonly<Record<string, unknown>>;
  readonly untold: readonly string[];
}

/** What was imported, as other programs read it. */
export function importDocument({ file, desired, untold }: Imported, toolVersion: string): ImportDocument {
  return { ...documentHead(toolVersion), file: file ?? null, desired, untold };
}
