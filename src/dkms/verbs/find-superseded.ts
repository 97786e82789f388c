import path from "node:path";
import type { Host } from "../../host/host.ts";
import type { ObjectDigest } from "../build-record.ts";
import type { DkmsConf } from "../conf/dkms-conf.ts";
import { readFootprint } from "../footprint.ts";
import type { InstanceId } from "../id.ts";
import { findOwnObjects } from "./find-own-objects.ts";
import { isActive, isBuilt } from "./tree-checks.ts";

/**
 * What the build that is about to be replaced, and those before it, have in the install tree right now. The new build may
 * not make it any more, under this name or with this content: unless its record says so, nobody knows whose it is.
 */
export function findSuperseded(host: Host, instance: InstanceId, conf: DkmsConf | undefined): readonly ObjectDigest[] {
  const isInstalled = isActive(host, instance);
  if (!isInstalled && !isBuilt(host, instance)) return [];
  const print = readFootprint(host, instance, conf);
  const { own } = findOwnObjects(host, { instance, prints: [{ ...print, isInstalled }] });
  return own.map(({ path: place, sha256 }) => ({ file: path.basename(place), sha256 }));
}
