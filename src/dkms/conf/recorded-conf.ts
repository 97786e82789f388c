import type { Host } from "../../host/host.ts";
import { readBuildRecord } from "../build-record.ts";
import type { InstanceId } from "../id.ts";
import { objectName } from "../object-name.ts";
import { isConfOnly } from "../source-mark.ts";
import { sourceLink } from "../tree-layout.ts";
import { type RawConf, type RawEntry, rawConfOf } from "./raw-conf.ts";

/**
 * What the build record of an instance that came in a tarball without source says in the place of its dkms.conf: what its
 * objects are called and where they belong. Scripts cannot be missed, since there are none. What an archive says is trusted
 * no more than a dkms.conf: the same rules are applied to it. `undefined` without such a record, and where there is source.
 */
export function recordedConf({ files, paths }: Host, instance: InstanceId): RawConf | undefined {
  const { name, version } = instance.module;
  const record = readBuildRecord({ files, paths }, instance);
  if (!record?.tarball || !isConfOnly({ files }, sourceLink(paths, instance.module))) return undefined;
  const entries: RawEntry[] = [
    { name: "PACKAGE_NAME", index: 0, value: name },
    { name: "PACKAGE_VERSION", index: 0, value: version },
  ];
  if (record.autoinstall) entries.push({ name: "AUTOINSTALL", index: 0, value: "yes" });
  if (record.noWeakModules) entries.push({ name: "NO_WEAK_MODULES", index: 0, value: "yes" });
  for (const [index, { file, destination }] of record.objects.entries()) {
    if (destination === undefined) return undefined;
    entries.push({ name: "BUILT_MODULE_NAME", index, value: objectName(file) ?? file });
    entries.push({ name: "DEST_MODULE_LOCATION", index, value: destination });
  }
  return rawConfOf(entries);
}
