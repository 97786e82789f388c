import type { Host } from "../../host/host.ts";
import { parseBuildRecord } from "../build-record.ts";
import { objectName } from "../find-objects.ts";
import { type InstanceId, moduleKey } from "../id.ts";
import { buildRecordFile } from "../tree-layout.ts";
import type { Evaluation } from "./evaluate-conf.ts";
import { type RawEntry, rawConfOf } from "./raw-conf.ts";

/**
 * What the build record of an instance that came in a tarball says in the place of its dkms.conf: what its objects are called
 * and where they belong, for a host that has no bash to ask. Only what a dkms.conf may say too, and checked like one.
 * `undefined` without such a record.
 */
export function recordedConf({ files, paths }: Host, instance: InstanceId): Evaluation | undefined {
  const { name, version } = instance.module;
  const record = parseBuildRecord(files.readText(buildRecordFile(paths, instance)) ?? "");
  if (!record?.tarball) return undefined;
  const head: RawEntry[] = [
    { name: "PACKAGE_NAME", index: 0, value: name },
    { name: "PACKAGE_VERSION", index: 0, value: version },
  ];
  const objects = record.objects.flatMap(({ file, destination }, index): RawEntry[] => {
    if (destination === undefined) return [];
    return [
      { name: "BUILT_MODULE_NAME", index, value: objectName(file) ?? file },
      { name: "DEST_MODULE_LOCATION", index, value: destination },
    ];
  });
  if (objects.length < 2 * record.objects.length) return undefined;
  const notice = `The dkms.conf of ${moduleKey(instance.module)} needs bash, which is not here; its build record says where the objects go, and no script is run.`;
  return { raw: rawConfOf([...head, ...objects]), complaints: [notice] };
}
