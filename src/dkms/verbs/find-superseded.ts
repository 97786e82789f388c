import path from "node:path";
import type { Host } from "../../host/host.ts";
import type { RecordedObject, SupersededObject } from "../build-record.ts";
import type { DkmsConf } from "../conf/dkms-conf.ts";
import { destinationDirectory, readDistribution } from "../destination.ts";
import { readFootprint } from "../footprint.ts";
import type { InstanceId } from "../id.ts";
import { kernelDirectory } from "../tree-layout.ts";
import { findOwnObjects } from "./find-own-objects.ts";
import { isActive, isBuilt } from "./tree-checks.ts";

/**
 * What the build that is about to be replaced, and those before it, have in the install tree right now. The new build may
 * not make it any more, under this name or with this content: unless its record says so, nobody knows whose it is.
 */
export function findSuperseded(
  host: Host,
  instance: InstanceId,
  conf: DkmsConf | undefined,
): readonly SupersededObject[] {
  const isInstalled = isActive(host, instance);
  if (!isInstalled && !isBuilt(host, instance)) return [];
  const print = readFootprint(host, instance, conf);
  const { own } = findOwnObjects(host, { instance, prints: [{ ...print, isInstalled }] });
  const kernel = kernelDirectory(host.paths, instance.kernel.release);
  return own.map(({ path: place, sha256 }) => ({
    file: path.basename(place),
    sha256,
    directory: path.relative(kernel, path.dirname(place)),
  }));
}

/** Of these, what is something else than the new objects, or lies elsewhere. */
export function withoutEqual(
  host: Host,
  superseded: readonly SupersededObject[],
  objects: readonly RecordedObject[],
): readonly SupersededObject[] {
  const distribution = readDistribution(host);
  const isSame = (old: SupersededObject, { file, sha256, destination: destLocation = "" }: RecordedObject) =>
    file === old.file &&
    sha256 === old.sha256 &&
    destinationDirectory({ destLocation }, distribution, host.paths.addonModules) === `/${old.directory}`;
  return superseded.filter((old) => !objects.some((object) => isSame(old, object)));
}
