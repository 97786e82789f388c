import type { ActualState } from "../actual-state/actual-state.ts";
import type { LoadedVerdict } from "../actual-state/compare-loaded.ts";
import { type InstanceAddress, instanceAddress, moduleKey } from "../dkms/id.ts";
import { kernelNameOf } from "../dkms/loaded-name.ts";
import { passes, resolveWanted } from "./resolve-wanted.ts";
import type { World } from "./touched.ts";

/** Whether the host has to be started anew before it runs what the documents ask for, and why. */
export interface RebootNeed {
  readonly required: boolean;
  /** One sentence each, without its full stop. */
  readonly reasons: readonly string[];
}

/**
 * What the running kernel only gets by a reboot (or by unloading and loading, where that can be done): each module that is
 * wanted as installed for it, and of which another build or version is loaded; and what was taken away, and is loaded all
 * the same. What cannot be told is no reason. Pure.
 *
 * @param loaded what is loaded of each instance for the running kernel
 */
export function rebootNeed(world: World, loaded: ReadonlyMap<InstanceAddress, LoadedVerdict>): RebootNeed {
  const reasons = [...staleObjects(world, loaded), ...goneObjects(world)];
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

/** What is installed again is judged as every other. */
function goneObjects({ actual, filter }: World): readonly string[] {
  const { runningKernel, stillLoaded, loaded } = actual;
  if (filter.kernel !== undefined && filter.kernel !== runningKernel) return [];
  const installed = installedNames(actual);
  const gone = [...stillLoaded].filter(([name, { srcversion, buildId }]) => {
    const now = loaded.get(name);
    // Another one of that name may have come since, of the kernel's own.
    return !installed.has(name) && now?.srcversion === srcversion && now?.buildId === buildId && now !== undefined;
  });
  const modules = [...new Set(gone.map(([, { module }]) => module))];
  return modules.flatMap((module) => {
    if (!passes({ name: module, version: "*" }, filter)) return [];
    const names = gone.flatMap(([name, object]) => (object.module === module ? name : [])).join(", ");
    return [`${module} was taken away from ${runningKernel} while it was loaded, and still is (${names})`];
  });
}

function installedNames({ modules, runningKernel }: ActualState): ReadonlySet<string> {
  const instances = modules.flatMap((module) => module.instances);
  const running = instances.filter(({ level, kernel }) => level === "installed" && kernel.release === runningKernel);
  return new Set(running.flatMap(({ objects }) => objects.map(({ file }) => kernelNameOf(file))));
}
