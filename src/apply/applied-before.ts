import { journalFile } from "../dkms/state-layout.ts";
import type { Host } from "../host/host.ts";
import { journalLines } from "./journal-runs.ts";

/**
 * When a saved plan was applied, or was begun to be, as the journal tells; `undefined` if it was not. Throws what the
 * file system throws.
 */
export function appliedBefore({ files, paths }: Host, planId: string): string | undefined {
  return journalLines(files.readText(journalFile(paths)) ?? "").find(({ fields }) => fields.get("plan") === planId)?.at;
}
