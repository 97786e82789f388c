import { createHash } from "node:crypto";
import type { ActualState } from "../actual-state/actual-state.ts";
import { type InstanceId, instanceAddress, type KernelId, kernelKey, type ModuleId, moduleKey } from "../dkms/id.ts";
import { entryFor } from "./entry.ts";
import { type StepName, type Touched, touchedBy, type World } from "./touched.ts";
import { findInstance } from "./verdict.ts";

/** What was seen of one thing that a plan touches. A fact is a word or two, or a digest. */
export interface Observation {
  readonly address: string;
  readonly facts: Readonly<Record<string, string>>;
}

/**
 * What the scan saw of everything that steps of these names touch: if two observations of the same steps are equal, so
 * are the steps. Sorted by address. Pure.
 */
export function observe(steps: readonly StepName[], world: World): readonly Observation[] {
  const touched = touchedBy(steps, world);
  const { actual } = world;
  const found: Observation[] = [
    ...[...touched.instances].map(([address, id]) => ({ address, facts: instanceFacts(id, touched, actual) })),
    ...touched.modules.map((id) => ({ address: moduleKey(id), facts: moduleFacts(id, touched, world) })),
    ...touched.kernels.map((id) => ({ address: kernelKey(id), facts: kernelFacts(id, touched, actual) })),
    ...touched.packages.map((name) => ({ address: name, facts: packageFacts(name, world) })),
  ];
  return found.sort((a, b) => (a.address < b.address ? -1 : 1));
}

/** One digest over all that was seen. */
export function fingerprint(observations: readonly Observation[]): string {
  return createHash("sha256").update(JSON.stringify(observations)).digest("hex");
}

/** The digest of a value, short: what is told apart are the states of one thing, not of all things. */
function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}

type Facts = Observation["facts"];

function instanceFacts(id: InstanceId, { wanted }: Touched, actual: ActualState): Facts {
  const { modules, prospects, sources } = actual;
  const { name, version } = id.module;
  const same = modules.filter((module) => module.id.name === name);
  const active = same.find((module) => findInstance(module, id)?.level === "installed");
  const state = findInstance(
    same.find((module) => module.id.version === version),
    id,
  );
  const prospect = prospects.get(instanceAddress(id));
  const source = sources.get(moduleKey(id.module));
  const { conf, inputs, missingTools = [], exclusion, failedBefore, signer } = prospect ?? {};
  return {
    wanted: wanted.get(instanceAddress(id)) ?? "no",
    level: state?.level ?? "not built",
    installed_version: active?.id.version ?? "none",
    objects: state ? digest(state.objects) : "none",
    problems: state && state.problems.length > 0 ? digest(state.problems) : "none",
    build_record: state?.record ? digest([state.record.inputs, state.record.tarball, state.record.signer]) : "none",
    dkms_conf: conf ? digest(conf.ok ? conf.value : conf.error.message) : "not looked at",
    excluded: exclusion ?? "no",
    source: source ? digest([source.inTree, source.given?.digest, source.problem]) : "none",
    archives: archiveFact(id.module, actual),
    inputs: inputs ? digest(inputs) : "none",
    failed_before: failedBefore ? digest(failedBefore) : "no",
    signer: signer ?? "none",
    missing_programs: missingTools.length > 0 ? missingTools.join(" ") : "none",
  };
}

function moduleFacts(id: ModuleId, { removed }: Touched, { desired, actual }: World): Facts {
  const key = moduleKey(id);
  const module = actual.modules.find((one) => moduleKey(one.id) === key);
  const source = actual.sources.get(key);
  return {
    source_link: module?.link ?? "not added",
    leftovers: module && module.leftovers.length > 0 ? digest(module.leftovers) : "none",
    displaced: module && module.displaced.length > 0 ? digest(module.displaced) : "none",
    source: source?.inTree ? digest(source.inTree) : "none",
    given_source: source?.given?.digest ?? "none",
    source_problem: source?.problem?.text ?? "none",
    archives: archiveFact(id, actual),
    ...(removed.has(key) && { kernels: module?.instances.map(({ kernel }) => kernelKey(kernel)).join(" ") ?? "none" }),
    // What no document lists is taken away only where everything could be read.
    ...(!entryFor(desired, id) && { scan: actual.complete ? "complete" : "incomplete" }),
  };
}

function archiveFact(id: ModuleId, { tarballs }: ActualState): string {
  const archives = tarballs.get(moduleKey(id));
  return archives ? digest(archives) : "not looked at";
}

function kernelFacts(id: KernelId, { wanted }: Touched, actual: ActualState): Facts {
  const { kernels, depmodOwed, depmodBehind, initramfs } = actual;
  const behind = [...depmodBehind].filter(([address]) => address.endsWith(`@${kernelKey(id)}`));
  const isBehind = behind.some(([address]) => wanted.get(address) === "installed");
  const kernel = kernels.find((one) => kernelKey(one.id) === kernelKey(id));
  return {
    kernel: kernel ? "there" : "not there",
    headers: kernel?.headers?.digest ?? "none",
    modules_dep: kernel?.hasModulesDep ? "there" : "not there",
    compression: kernel?.compression ?? "none",
    depmod: depmodOwed.some((one) => kernelKey(one) === kernelKey(id)) ? "owed" : isBehind ? "behind" : "not owed",
    ...(initramfs && { initramfs: initramfsFact(initramfs, id) }),
  };
}

function initramfsFact({ hindrance, kernels }: NonNullable<ActualState["initramfs"]>, id: KernelId): string {
  const state = kernels.get(kernelKey(id));
  return digest([hindrance, state?.image, [...(state?.holds ?? [])], state?.pending]);
}

function packageFacts(name: string, { desired, actual }: World): Facts {
  const strays = actual.strays.find((one) => one.name === name);
  const isListed = desired.modules.some((entry) => entry.name === name);
  return {
    strays: strays ? digest(strays.paths) : "none",
    ...(!isListed && { scan: actual.complete ? "complete" : "incomplete" }),
  };
}
