import path from "node:path";
import { type InstanceAddress, type InstanceId, instanceAddress } from "../dkms/id.ts";
import { type KnownObjects, type ObjectRequest, unknownObjects } from "../dkms/known-objects.ts";
import { loadedName } from "../dkms/loaded-name.ts";
import { objectName } from "../dkms/object-name.ts";
import type { LoadedObject } from "../dkms/read-loaded.ts";
import { moduleObjectsDirectory } from "../dkms/tree-layout.ts";
import type { Host } from "../host/host.ts";
import type { ActualState, InstanceState, ObjectState } from "./actual-state.ts";

/**
 * What is loaded of an instance: nothing; the objects that are here; others of the same name, from another build or
 * another version; or something of which neither srcversion nor build-id tells which it is.
 */
export type LoadedVerdict = "no" | "current" | "other" | "unknown";

/** Of each instance for the running kernel what is loaded. Reads only the files of which something is loaded. */
export async function compareLoaded(
  host: Host,
  { modules, runningKernel, loaded }: Pick<ActualState, "modules" | "runningKernel" | "loaded">,
  objects: Pick<KnownObjects, "look"> = unknownObjects(host),
): Promise<ReadonlyMap<InstanceAddress, LoadedVerdict>> {
  const verdicts = new Map<InstanceAddress, LoadedVerdict>();
  for (const { id, instances } of modules) {
    for (const instance of instances) {
      if (instance.kernel.release !== runningKernel) continue;
      const place = { module: id, kernel: instance.kernel };
      const found: LoadedVerdict[] = [];
      for (const object of instance.objects) {
        const name = objectName(object.file);
        const running = name === undefined ? undefined : loaded.get(loadedName(name));
        if (running) found.push(await compareObject(objects, running, fileOf(host, place, object)));
      }
      verdicts.set(instanceAddress(place), combine(found, instance.level));
    }
  }
  return verdicts;
}

function fileOf({ paths }: Host, place: InstanceId, { file, sha256, installed }: ObjectState): ObjectRequest {
  return installed ?? { path: path.join(moduleObjectsDirectory(paths, place), file), sha256 };
}

/** The build-id is of this very build; srcversion, over the source, is the same after a rebuild. */
async function compareObject(
  objects: Pick<KnownObjects, "look">,
  running: LoadedObject,
  request: ObjectRequest,
): Promise<Exclude<LoadedVerdict, "no">> {
  const object = await objects.look(request);
  if (!object.ok) return "unknown";
  for (const key of ["buildId", "srcversion"] as const) {
    const [there, here] = [running[key], object.value.info[key]];
    if (there !== undefined && here !== undefined) return there === here ? "current" : "other";
  }
  return "unknown";
}

/** Of a build that is not installed, another object of the same name says nothing: it is that of another version. */
function combine(found: readonly LoadedVerdict[], level: InstanceState["level"]): LoadedVerdict {
  const worst = (["other", "unknown", "current"] as const).find((one) => found.includes(one)) ?? "no";
  return worst === "other" && level !== "installed" ? "no" : worst;
}
