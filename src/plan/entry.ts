import type { DesiredModule, DesiredState, SourcePlace } from "../desired-state/desired-state.ts";
import type { ModuleId } from "../dkms/id.ts";

/** The entry of the documents that counts for a module: that of exactly this version before a `*`; `undefined`: none. */
export function entryFor({ modules }: Pick<DesiredState, "modules">, id: ModuleId): DesiredModule | undefined {
  const entries = modules.filter(({ name }) => name === id.name);
  return entries.find(({ version }) => version === id.version) ?? entries.find(({ version }) => version === "*");
}

/** Where an entry begins, as a place that can be underlined. */
export function entryPlace({ position: { file, line, column } }: Pick<DesiredModule, "position">): SourcePlace {
  return { file, range: { line, column, endLine: line, endColumn: column + 1 } };
}
