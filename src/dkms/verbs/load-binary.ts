import path from "node:path";
import type { Host } from "../../host/host.ts";
import {
  type BuildRecord,
  formatBuildRecord,
  installRules,
  type ObjectDigest,
  type RecordedObject,
  readBuildRecord,
} from "../build-record.ts";
import { fail, type Result, succeed } from "../failure.ts";
import { readBuilt } from "../footprint.ts";
import { type InstanceId, instanceAddress, kernelKey } from "../id.ts";
import type { LoadJob } from "../tarball/load-job.ts";
import type { TarballBinary } from "../tarball/tarball.ts";
import { buildRecordName, instanceDirectory, releaseDirectory } from "../tree-layout.ts";
import { asideLabel } from "./aside.ts";
import type { FileChanges } from "./file-changes.ts";
import { findSuperseded, withoutEqual } from "./find-superseded.ts";
import { isBuilt } from "./tree-checks.ts";
import type { Done } from "./verb.ts";
import { type Outcome, unchanged, withUndo } from "./with-undo.ts";

/** Puts the build for one kernel in its place, whole, with a record that says which archive it came from. */
export function loadBinary(host: Host, job: LoadJob, binary: TarballBinary): Promise<Result<Done>> {
  const instance = { module: job.module, kernel: binary.kernel };
  const act = async (changes: FileChanges) => put(host, { job, binary, instance }, changes);
  return withUndo(host, { doing: `load ${instanceAddress(instance)}`, label: asideLabel(instance), act });
}

/** Whether nothing would be changed: the same objects are there, and, if builds are to be replaced, from this archive. */
export function isBinaryLoaded(host: Host, job: LoadJob, binary: TarballBinary): boolean {
  const { module, staged, options } = job;
  const instance = { module, kernel: binary.kernel };
  if (!isBuilt(host, instance)) return false;
  const wanted = digestsOf(binary, staged.digests);
  const found = readBuilt(host, instance);
  const isSame = found.length === wanted.length && wanted.every((object) => found.some(equals(object)));
  return isSame && (!options.replace || isFromArchive(host, job, binary));
}

/** Whether the build that is there says that it came from this very archive. */
export function isFromArchive(host: Host, { module, staged }: LoadJob, { kernel }: TarballBinary): boolean {
  return readBuildRecord(host, { module, kernel })?.tarball?.sha256 === staged.sha256;
}

interface Loading {
  readonly job: LoadJob;
  readonly binary: TarballBinary;
  readonly instance: InstanceId;
}

function put(host: Host, { job, binary, instance }: Loading, changes: FileChanges): Result<Outcome> {
  const { files, paths, signal } = host;
  const address = instanceAddress(instance);
  if (signal.aborted) return fail("E_CANCELLED", `The run was stopped before ${address} was loaded.`);
  if (isBinaryLoaded(host, job, binary)) return unchanged(`${address} is loaded already.`);
  if (isBuilt(host, instance) && !job.options.replace)
    return unchanged(`${address} is built already, otherwise than in ${job.request.file}: it stays.`);
  const from = path.join(job.directory, "dkms_main_tree", kernelKey(instance.kernel));
  const place = instanceDirectory(paths, instance);
  const record = recordOf(host, { job, binary, instance });
  files.writeAtomic(path.join(from, buildRecordName), formatBuildRecord(record));
  changes.makeDirectory(releaseDirectory(paths, instance.module, instance.kernel.release));
  if (files.lstat(place) !== undefined) changes.moveAway(place);
  changes.place(from, place);
  return succeed({ changed: true, notices: [] });
}

/**
 * Of what the archive says only what cannot do harm: inputs are compared, and destinations checked like those of a
 * dkms.conf.
 */
function recordOf(host: Host, { job, binary, instance }: Loading): BuildRecord {
  const { staged, directory } = job;
  const top = path.join(directory, "dkms_main_tree", kernelKey(instance.kernel), "module");
  const objects = digestsOf(binary, staged.digests).map(({ file, sha256 }): RecordedObject => {
    const destination = binary.record?.objects.find((object) => object.file === file)?.destination;
    const size = host.files.stat(path.join(top, file))?.size ?? 0;
    return { file, sha256, size, ...(destination !== undefined && { destination }) };
  });
  const superseded = withoutEqual(host, findSuperseded(host, instance, undefined), objects);
  const claimed = binary.record;
  return {
    format: 1,
    module: instance.module,
    kernel: instance.kernel,
    ...(claimed?.inputs && { inputs: claimed.inputs }),
    builtAt: timeOf(claimed?.builtAt) ?? host.clock().toISOString(),
    durationMs: claimed?.durationMs ?? 0,
    objects,
    ...installRules(claimed ?? {}),
    ...(superseded.length > 0 && { superseded }),
    tarball: { sha256: staged.sha256 },
  };
}

function timeOf(text: string | undefined): string | undefined {
  const time = new Date(text ?? "");
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

function digestsOf({ kernel, objects }: TarballBinary, digests: ReadonlyMap<string, string>): ObjectDigest[] {
  const top = `dkms_main_tree/${kernelKey(kernel)}/module`;
  return objects.map((file) => ({ file, sha256: digests.get(`${top}/${file}`) ?? "" }));
}

function equals(one: ObjectDigest): (other: ObjectDigest) => boolean {
  return (other) => other.file === one.file && other.sha256 === one.sha256;
}
