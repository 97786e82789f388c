import path from "node:path";
import { buildInputs } from "../dkms/build-inputs.ts";
import { type BuildRecord, formatBuildRecord, installRules } from "../dkms/build-record.ts";
import { loadConf } from "../dkms/conf/load-conf.ts";
import { digestSource } from "../dkms/digest-source.ts";
import type { InstanceId, KernelId } from "../dkms/id.ts";
import { objectName } from "../dkms/object-name.ts";
import { readKernel } from "../dkms/read-kernels.ts";
import { refuseUnsigned } from "../dkms/signing/refuse-unsigned.ts";
import { requiredSigner } from "../dkms/signing/required-signer.ts";
import type { SigningSettings } from "../dkms/signing/signing.ts";
import { buildRecordFile, moduleObjectsDirectory, sourceLink } from "../dkms/tree-layout.ts";
import type { Host } from "../host/host.ts";

/**
 * Writes beside a build that dkms has just made what it was made from, so that a later change of the source, the
 * headers, the compiler or the directives is noticed. Without it the build would count as fresh for ever; so where it
 * cannot be told, nothing is written, and nothing fails. Where dkms is this very program, the record is there already.
 */
export async function recordDkmsBuild(
  host: Host,
  { instance, directives, durationMs, signing }: DkmsBuild,
): Promise<void> {
  const { files, paths, clock } = host;
  if (files.stat(buildRecordFile(paths, instance)) !== undefined) return;
  const kernel = readKernel(host, instance.kernel);
  const source = digestSource(files, files.realPath(sourceLink(paths, instance.module)) ?? "");
  if (!kernel || !source.ok) return;
  const conf = await loadConf(host, { module: instance.module, kernel, directives });
  if (!conf.ok) return;
  const inputs = buildInputs(host, { kernel, conf: conf.value, source: source.value });
  if (!inputs) return;
  const directory = moduleObjectsDirectory(paths, instance);
  const names = (files.list(directory) ?? []).filter(({ name }) => objectName(name) !== undefined);
  const objects = names.map(({ name }) => {
    const file = path.join(directory, name);
    const spec = conf.value.objects.find(({ destName }) => destName === objectName(name));
    const destination = spec && { destination: spec.destLocation };
    return { file: name, sha256: files.sha256(file) ?? "", size: files.stat(file)?.size ?? 0, ...destination };
  });
  const made = { inputs, builtAt: clock().toISOString(), durationMs, objects, ...installRules(conf.value) };
  const given = Object.keys(directives).length > 0 ? { directives } : {};
  const places = names.map(({ name }) => path.join(directory, name));
  const signer = await findSigner(host, { kernel: instance.kernel, signing, objects: places });
  const record: BuildRecord = { format: 1, ...instance, ...made, ...given, ...(signer !== undefined && { signer }) };
  files.writeAtomic(buildRecordFile(paths, instance), formatBuildRecord(record));
}

export interface DkmsBuild {
  readonly instance: InstanceId;
  readonly directives: Readonly<Record<string, string>>;
  readonly durationMs: number;
  /** What the settings say of signing. */
  readonly signing: SigningSettings;
}

interface Signed {
  readonly kernel: KernelId;
  readonly signing: SigningSettings;
  readonly objects: readonly string[];
}

/** The certificate that is required, if dkms has signed by its key too. */
async function findSigner(host: Host, { kernel, signing, objects }: Signed): Promise<string | undefined> {
  const signer = await requiredSigner(host, kernel, signing);
  if (signer === undefined) return undefined;
  const checked = await refuseUnsigned(host, { kernel, settings: signing, objects });
  return checked.ok ? signer : undefined;
}
