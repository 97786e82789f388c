import type { ActualState } from "../actual-state/actual-state.ts";
import type { DesiredLevel, DesiredState } from "../desired-state/desired-state.ts";
import {
  type InstanceAddress,
  type InstanceId,
  instanceAddress,
  type KernelId,
  kernelKey,
  type ModuleId,
  moduleKey,
  parseInstanceAddress,
  parseKernelKey,
  parseModuleKey,
} from "../dkms/id.ts";
import { type PlanFilter, resolveWanted } from "./resolve-wanted.ts";
import { isOfKernel, type Step, type StepKind } from "./step.ts";
import { findInstance } from "./verdict.ts";

/** What a step is called: its kind and what it is about. Of a saved plan nothing else is believed. */
export type StepName = Pick<Step, "kind"> & { readonly address: string };

/** Everything that the steps of a plan change, and what decides how they come out. */
export interface Touched {
  readonly instances: ReadonlyMap<InstanceAddress, InstanceId>;
  /** Modules of which a step changes an instance, or the whole. */
  readonly modules: readonly ModuleId[];
  /** Of these, those that are removed: all of their instances count. */
  readonly removed: ReadonlySet<string>;
  readonly kernels: readonly KernelId[];
  /** Names, without a version: killed runs may have left something of any. */
  readonly packages: readonly string[];
  /** What the documents want of instances. */
  readonly wanted: ReadonlyMap<InstanceAddress, DesiredLevel>;
}

export interface World {
  readonly desired: DesiredState;
  readonly actual: ActualState;
  readonly filter: PlanFilter;
}

/**
 * What steps of these names touch: their instances, with every version of the same module that is wanted or installed for
 * the same kernel, since only one can be installed; the same of whatever they build on; their modules, kernels and
 * packages. Pure.
 */
export function touchedBy(steps: readonly StepName[], world: World): Touched {
  const wanted = wantedLevels(world);
  const named = steps.flatMap(({ address }) => parseInstanceAddress(address) ?? []);
  const instances = new Map<InstanceAddress, InstanceId>();
  const queue = [...named, ...repairedFor(steps, wanted)];
  for (let one = queue.pop(); one; one = queue.pop()) {
    const address = instanceAddress(one);
    if (instances.has(address)) continue;
    instances.set(address, one);
    const { kernel, module } = one;
    const conf = world.actual.prospects.get(address)?.conf;
    for (const name of [module.name, ...(conf?.ok ? conf.value.buildDepends : [])]) {
      queue.push(...contenders(name, kernel, { world, wanted }));
    }
  }
  const whole = steps.flatMap(({ kind, address }) =>
    kind === "add" || kind === "repair" || kind === "remove" ? (parseModuleKey(address) ?? []) : [],
  );
  const kernels = steps.flatMap(({ kind, address }) => (isOfKernel(kind) ? (parseKernelKey(address) ?? []) : []));
  const modules = unique([...named.map(({ module }) => module), ...whole], moduleKey);
  const swept = steps.flatMap(({ kind, address }) => (kind === "sweep" ? [address] : []));
  return {
    instances,
    modules,
    removed: new Set(steps.flatMap(({ kind, address }) => (kind === "remove" ? [address] : []))),
    kernels: unique([...named.map(({ kernel }) => kernel), ...kernels], kernelKey),
    packages: [...new Set([...modules.map(({ name }) => name), ...swept])],
    wanted,
  };
}

function wantedLevels({ desired, actual, filter }: World): ReadonlyMap<InstanceAddress, DesiredLevel> {
  const levels = new Map<InstanceAddress, DesiredLevel>();
  for (const { entry, id, kernels } of resolveWanted(desired, actual, filter).wanted) {
    if (id) for (const kernel of kernels) levels.set(instanceAddress({ module: id, kernel }), entry.state);
  }
  return levels;
}

/**
 * Whether a module is only repaired, or added anew, depends on whether any of its wanted instances is to be built or
 * loaded.
 */
function repairedFor(
  steps: readonly StepName[],
  wanted: ReadonlyMap<InstanceAddress, DesiredLevel>,
): readonly InstanceId[] {
  const having = (wish: StepKind) => steps.filter(({ kind }) => kind === wish).map(({ address }) => address);
  const built = [...having("build"), ...having("load-tarball")];
  const repaired = having("repair").filter((key) => !built.some((address) => address.startsWith(`${key}@`)));
  return [...wanted.keys()]
    .flatMap((address) => parseInstanceAddress(address) ?? [])
    .filter(({ module }) => repaired.includes(moduleKey(module)));
}

/** The versions of a module that are wanted for a kernel, and the one that is installed for it. */
function contenders(
  name: string,
  kernel: KernelId,
  { world, wanted }: { readonly world: World; readonly wanted: ReadonlyMap<InstanceAddress, DesiredLevel> },
): readonly InstanceId[] {
  const { actual } = world;
  const installed = actual.modules.filter(
    (module) => module.id.name === name && findInstance(module, { module: module.id, kernel })?.level === "installed",
  );
  const listed = [...actual.sources.values()].filter(
    ({ id }) => id.name === name && wanted.has(instanceAddress({ module: id, kernel })),
  );
  return [...installed, ...listed].map(({ id }) => ({ module: id, kernel }));
}

function unique<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  return [...new Map(items.map((item) => [keyOf(item), item])).values()];
}
