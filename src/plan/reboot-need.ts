import type { LoadedVerdict } from "../actual-state/compare-loaded.ts";
import { type InstanceAddress, instanceAddress, moduleKey } from "../dkms/id.ts";
import { resolveWanted } from "./resolve-wanted.ts";
import type { World } from "./touched.ts";

/** Whether the host has to be started anew before it runs what the documents ask for, and why. */
export interface RebootNeed {
  readonly required: boolean;
  /** One sentence each, without its full stop. */
  readonly reasons: readonly string[];
}

/**
 * What the running kernel only gets by a reboot (or by unloading and loading, where that can be done): each module that is
 * wanted as installed for it, and of which another build or version is loaded. What cannot be told is no reason. Pure.
 *
 * @param loaded what is loaded of each instance for the running kernel
 */
export function rebootNeed(world: World, loaded: ReadonlyMap<InstanceAddress, LoadedVerdict>): RebootNeed {
  const reasons = staleObjects(world, loaded);
  return { required: reasons.length > 0, reasons };
}

function staleObjects(
  { desired, actual, filter }: World,
  loaded: ReadonlyMap<InstanceAddress, LoadedVerdict>,
): readonly string[] {
  const running = actual.runningKernel;
  return resolveWanted(desired, actual, filter).wanted.flatMap(({ entry, id, kernels }) => {
    const kernel = kernels.find(({ release }) => release === running);
    if (!id || !kernel || entry.state !== "installed") return [];
    if (loaded.get(instanceAddress({ module: id, kernel })) !== "other") return [];
    return [`${moduleKey(id)} is loaded from another build or version than the one installed for ${kernel.release}`];
  });
}
