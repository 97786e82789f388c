/**
 * What a dkms.conf assigned, before any rule: directive to index to text. In bash a plain variable is the array with
 * one entry at 0, so there is one shape for both; entries may have gaps.
 */
export type RawConf = ReadonlyMap<string, ReadonlyMap<number, string>>;

/** Every directive, in the order in which dell/dkms reads the values: a later one may refer to an earlier one. */
export const directiveNames = [
  "PACKAGE_NAME",
  "PACKAGE_VERSION",
  "POST_ADD",
  "POST_BUILD",
  "POST_INSTALL",
  "POST_REMOVE",
  "PRE_BUILD",
  "PRE_INSTALL",
  "BUILD_DEPENDS",
  "BUILD_EXCLUSIVE_ARCH",
  "BUILD_EXCLUSIVE_CONFIG",
  "BUILD_EXCLUSIVE_KERNEL",
  "BUILD_EXCLUSIVE_KERNEL_MIN",
  "BUILD_EXCLUSIVE_KERNEL_MAX",
  "OBSOLETE_BY",
  "MAKE",
  "MAKE_MATCH",
  "PATCH",
  "PATCH_MATCH",
  "BUILT_MODULE_NAME",
  "BUILT_MODULE_LOCATION",
  "DEST_MODULE_NAME",
  "DEST_MODULE_LOCATION",
  "STRIP",
  "AUTOINSTALL",
  "NO_WEAK_MODULES",
  "BUILD_DEPENDS_REBUILD",
  "CLEAN",
  "REMAKE_INITRD",
  "MODULES_CONF",
  "MODULES_CONF_OBSOLETES",
  "MODULES_CONF_ALIAS_TYPE",
  "MODULES_CONF_OBSOLETE_ONLY",
] as const;

export type DirectiveName = (typeof directiveNames)[number];

/** One entry of a {@link RawConf}, or of any shell state of the same shape. */
export interface RawEntry {
  readonly name: string;
  readonly index: number;
  readonly value: string;
}

/** The entries of the known directives, in the order of {@link directiveNames} and then of their index. */
export function entriesOf(raw: RawConf): readonly RawEntry[] {
  const entries: RawEntry[] = [];
  for (const name of directiveNames) {
    const values = raw.get(name);
    if (!values) continue;
    const sorted = values.size > 1 ? [...values].sort(([a], [b]) => a - b) : values;
    for (const [index, value] of sorted) entries.push({ name, index, value });
  }
  return entries;
}

/** A state with these entries, later ones winning. */
export function rawConfOf(entries: Iterable<RawEntry>): Map<string, Map<number, string>> {
  const raw = new Map<string, Map<number, string>>();
  for (const { name, index, value } of entries) raw.set(name, (raw.get(name) ?? new Map()).set(index, value));
  return raw;
}

/** A directive that is not an array: bash takes the entry at 0; empty if there is none. */
export function scalarOf(raw: RawConf, name: DirectiveName): string {
  return raw.get(name)?.get(0) ?? "";
}
