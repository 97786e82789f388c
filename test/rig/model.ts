import type { ActualState, InstanceState, ModuleState } from "../../src/actual-state/actual-state.ts";
import type { BuildInputs } from "../../src/dkms/build-record.ts";
import { type InstanceId, instanceAddress, kernelKey, type ModuleId, moduleKey } from "../../src/dkms/id.ts";
import type { Plan } from "../../src/plan/plan.ts";
import type { Step } from "../../src/plan/step.ts";
import { makeInitramfs, withOutdated, withRebuilt } from "./model-initramfs.ts";
import { freshInputs, toInstance } from "./world-instance.ts";
import type { InstanceOptions } from "./world-options.ts";

/**
 * What an apply that succeeds does to an actual state, as pure values: the oracle of the planner's property tests. Each
 * step checks what its verb would check, so that a plan in the wrong order throws.
 */
export function applyToModel(actual: ActualState, plan: Plan): ActualState {
  const over = new Set<string>();
  return plan.steps.reduce((state, step) => {
    for (const id of step.dependsOn) if (!over.has(id)) throw new Error(`${step.id} comes before ${id}`);
    over.add(step.id);
    return refreshDependencies(applyStep(state, step));
  }, actual);
}

function applyStep(state: ActualState, step: Step): ActualState {
  switch (step.kind) {
    case "sweep":
      return { ...state, strays: state.strays.filter(({ name }) => name !== step.name) };
    case "add":
      return addModule(step.tarball ? unpackSource(state, step.module, step.tarball.sha256) : state, step.module);
    case "load-tarball":
      return withRebuilt(state, step.instance, (before) =>
        changeModule(before, step.instance.module, (module) => putBuild(module, step, loadedInputs(state, step))),
      );
    case "repair":
      return changeModule(state, step.module, (module) => ({
        ...module,
        ...{ link: "linked", leftovers: [], displaced: [] },
        instances: [
          ...module.instances,
          ...module.displaced.map((kernel) => returned(state, { module: module.id, kernel })),
        ],
      }));
    case "build":
      return withRebuilt(state, step.instance, (before) =>
        changeModule(before, step.instance.module, (module) => buildInstance(state, module, step)),
      );
    case "install":
      return withOutdated(installInstance(state, step), step.instance);
    case "uninstall":
      return withOutdated(
        changeInstance(state, step.instance, (one) => ({ ...one, level: "built", problems: [] })),
        step.instance,
      );
    case "unbuild":
      return changeModule(state, step.instance.module, (module) => unbuildInstance(module, step.instance));
    case "remove":
      return removeModule(state, step.module);
    case "depmod":
      return {
        ...state,
        depmodOwed: state.depmodOwed.filter((kernel) => kernelKey(kernel) !== kernelKey(step.kernel)),
        depmodBehind: new Map([...state.depmodBehind].filter(([one]) => !one.endsWith(`@${kernelKey(step.kernel)}`))),
      };
    case "initramfs":
      return makeInitramfs(state, step);
  }
}

function addModule(state: ActualState, id: ModuleId): ActualState {
  const source = state.sources.get(moduleKey(id));
  const digest = source?.given?.digest ?? source?.inTree?.digest;
  if (!source || digest === undefined) throw new Error(`no source for ${moduleKey(id)}`);
  const directory = `/usr/src/${id.name}-${id.version}`;
  const inTree =
    digest === source.inTree?.digest ? source.inTree : { directory, digest, confOnly: false, tarball: undefined };
  const sources = new Map(state.sources).set(moduleKey(id), { ...source, inTree });
  const existing = state.modules.find((one) => moduleKey(one.id) === moduleKey(id));
  const module: ModuleState = { ...(existing ?? { id, instances: [], displaced: [], leftovers: [] }), link: "linked" };
  return { ...state, sources, modules: [...state.modules.filter((one) => one !== existing), module] };
}

function returned({ prospects }: ActualState, id: InstanceId): InstanceState {
  return toInstance(id, { level: "built", signer: prospects.get(instanceAddress(id))?.signer });
}

function changeModule(state: ActualState, id: ModuleId, change: (module: ModuleState) => ModuleState): ActualState {
  if (!state.modules.some((one) => moduleKey(one.id) === moduleKey(id)))
    throw new Error(`${moduleKey(id)} is not there`);
  const modules = state.modules.map((one) => (moduleKey(one.id) === moduleKey(id) ? change(one) : one));
  return { ...state, modules };
}

function isFor({ kernel }: InstanceId, one: InstanceState): boolean {
  return kernelKey(one.kernel) === kernelKey(kernel);
}

function changeInstance(
  state: ActualState,
  id: InstanceId,
  change: (one: InstanceState) => InstanceState,
): ActualState {
  return changeModule(state, id.module, (module) => {
    if (!module.instances.some((one) => isFor(id, one))) throw new Error(`${instanceAddress(id)} is not built`);
    return { ...module, instances: module.instances.map((one) => (isFor(id, one) ? change(one) : one)) };
  });
}

function buildInstance(state: ActualState, module: ModuleState, step: Step<"build">): ModuleState {
  const address = instanceAddress(step.instance);
  const { inputs, signer } = state.prospects.get(address) ?? {};
  if (!inputs) throw new Error(`${address} cannot be built`);
  const source = state.sources.get(moduleKey(module.id));
  if (source?.inTree?.confOnly) throw new Error(`there is nothing to build ${address} from`);
  return putBuild(module, step, { inputs, signer });
}

function loadedInputs({ tarballs, sources }: ActualState, { instance, tarball }: Step<"load-tarball">) {
  const key = moduleKey(instance.module);
  const archive = tarballs.get(key)?.find(({ sha256 }) => sha256 === tarball.sha256);
  const binaries = archive?.found.ok ? archive.found.value.binaries : [];
  if (!binaries.some(({ kernel }) => kernelKey(kernel) === kernelKey(instance.kernel)))
    throw new Error(`${tarball.path} holds nothing for ${instanceAddress(instance)}`);
  if (!sources.get(key)?.inTree) throw new Error(`${key} has no dkms.conf`);
  return { tarball: tarball.sha256 };
}

/** Of a source that an archive brings, everything is known that the scan would know. */
function unpackSource(state: ActualState, id: ModuleId, sha256: string): ActualState {
  const key = moduleKey(id);
  const archive = state.tarballs.get(key)?.find((one) => one.sha256 === sha256);
  if (!archive?.found.ok) throw new Error(`nothing is known of the archive ${sha256}`);
  const confOnly = !archive.found.value.hasSource;
  const inTree = {
    directory: `/usr/src/${id.name}-${id.version}`,
    digest: `from ${sha256}`,
    confOnly,
    tarball: sha256,
  };
  const source = { id, inTree, given: undefined, problem: undefined };
  const prospects = new Map(state.prospects);
  for (const { id: kernel, headers } of state.kernels) {
    const address = instanceAddress({ module: id, kernel });
    const prospect = prospects.get(address);
    const inputs = headers && { ...freshInputs, source: inTree.digest, headers: headers.digest };
    if (prospect) prospects.set(address, { ...prospect, inputs });
  }
  return { ...state, sources: new Map(state.sources).set(key, source), prospects };
}

type Made = Pick<InstanceOptions, "inputs" | "tarball" | "signer">;

function putBuild(module: ModuleState, { instance, replace }: Step<"build" | "load-tarball">, made: Made): ModuleState {
  if (module.link !== "linked") throw new Error(`${moduleKey(module.id)} is broken`);
  const existing = module.instances.find((one) => isFor(instance, one));
  if (existing && !replace) throw new Error(`${instanceAddress(instance)} is built already`);
  const stale = existing?.level === "installed" ? (["installed-differs"] as const) : [];
  const orphan = hasOrphan(existing) ? (["orphan"] as const) : [];
  const built = toInstance(instance, { level: existing?.level ?? "built", problems: [...stale, ...orphan], ...made });
  return { ...module, instances: [...module.instances.filter((one) => one !== existing), built] };
}

function installInstance(state: ActualState, { instance, replaces }: Step<"install">): ActualState {
  const lowered = replaces.reduce(
    (before, version) =>
      changeInstance(before, { module: version, kernel: instance.kernel }, (one) => ({ ...one, level: "built" })),
    state,
  );
  const rival = lowered.modules.find(
    ({ id, instances }) =>
      id.name === instance.module.name &&
      id.version !== instance.module.version &&
      instances.some((one) => isFor(instance, one) && one.level === "installed"),
  );
  if (rival) throw new Error(`${moduleKey(rival.id)} is installed for the same kernel`);
  const swept = { ...lowered, modules: lowered.modules.map((module) => withoutOrphan(module, instance)) };
  return changeInstance(swept, instance, (one) => ({ ...one, level: "installed", problems: [] }));
}

/** An install takes away what any version of the module has left. */
function withoutOrphan(module: ModuleState, instance: InstanceId): ModuleState {
  if (module.id.name !== instance.module.name) return module;
  const instances = module.instances.map((one) =>
    isFor(instance, one) ? { ...one, problems: one.problems.filter(({ kind }) => kind !== "orphan") } : one,
  );
  return { ...module, instances };
}

function hasOrphan(one: InstanceState | undefined): boolean {
  return one?.problems.some(({ kind }) => kind === "orphan") ?? false;
}

function unbuildInstance(module: ModuleState, instance: InstanceId): ModuleState {
  const one = module.instances.find((candidate) => isFor(instance, candidate));
  if (one?.level !== "built") throw new Error(`${instanceAddress(instance)} is not merely built`);
  if (hasOrphan(one)) throw new Error(`${instanceAddress(instance)} leaves an object that is nobody's then`);
  return { ...module, instances: module.instances.filter((candidate) => candidate !== one) };
}

function removeModule(state: ActualState, id: ModuleId): ActualState {
  const module = state.modules.find((one) => moduleKey(one.id) === moduleKey(id));
  if (!module || module.instances.length > 0) throw new Error(`${moduleKey(id)} cannot be removed`);
  return { ...state, modules: state.modules.filter((one) => one !== module) };
}

/** What a build would be made from includes the dependencies as they are now: here, the digest of their sources. */
export function refreshDependencies(state: ActualState): ActualState {
  const prospects = new Map(state.prospects);
  for (const [address, prospect] of prospects) {
    if (!prospect.conf.ok || !prospect.inputs) continue;
    const kernel = address.slice(address.lastIndexOf("@") + 1);
    const found = prospect.conf.value.buildDepends.flatMap((name): [string, string][] => {
      const digest = dependencyDigest(state, name, kernel);
      return digest === undefined ? [] : [[name, digest]];
    });
    const inputs: BuildInputs = { ...prospect.inputs, dependencies: Object.fromEntries(found) };
    prospects.set(address, { ...prospect, inputs });
  }
  return { ...state, prospects };
}

function dependencyDigest({ modules }: ActualState, name: string, kernel: string): string | undefined {
  const instances = modules
    .filter(({ id }) => id.name === name)
    .flatMap((module) => module.instances.map((instance) => ({ version: module.id.version, instance })));
  const installed = instances.find(
    ({ instance }) => instance.level === "installed" && kernelKey(instance.kernel) === kernel,
  );
  return installed && `${installed.version}:${installed.instance.record?.inputs?.source ?? "unknown"}`;
}
