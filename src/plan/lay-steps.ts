import type { ActualState } from "../actual-state/actual-state.ts";
import type { Diagnostic } from "../desired-state/diagnostic.ts";
import { type Address, type InstanceAddress, instanceAddress, type ModuleKey, moduleKey } from "../dkms/id.ts";
import { type DepmodNeed, depmodSteps } from "./depmod-steps.ts";
import { type InitramfsNeed, initramfsSteps } from "./initramfs-steps.ts";
import type { Judged, JudgedWanted } from "./judge-wanted.ts";
import type { ModuleNeed } from "./module-need.ts";
import type { Change, Level } from "./plan.ts";
import type { Removals } from "./plan-removals.ts";
import type { Sweep } from "./plan-sweeps.ts";
import { afterPreparation, repairStep, sweepStep } from "./prepare-steps.ts";
import { isOfKernel, type Step, type StepId, type StepKind } from "./step.ts";

/** A change of which nobody has said yet how it came about. */
export type LaidChange = Omit<Change, "drift">;

interface Laid {
  readonly steps: readonly Step[];
  readonly changes: readonly LaidChange[];
  readonly diagnostics: readonly Diagnostic[];
}

interface Given {
  readonly depmods: readonly DepmodNeed[];
  readonly initramfs: readonly InitramfsNeed[];
  readonly actual: ActualState;
  readonly wanted: JudgedWanted;
  readonly removals: Removals;
  readonly sweeps: readonly Sweep[];
}

/**
 * Turns verdicts into steps that say what must come before them, and into changes that say what they amount to.
 * Building never waits for anything to be taken away; what is taken away waits for what replaces it.
 */
export function laySteps(given: Given): Laid {
  const { wanted, removals } = given;
  const moduleSteps = new Map(wanted.modules.map((need) => [moduleKey(need.id), moduleStep(need)]));
  const installing = wanted.judged.filter(({ verdict }) => verdict.install);
  const planned = new Set(installing.map(({ instance }) => instanceAddress(instance)));
  const raising = wanted.judged.flatMap((one) => raisingSteps(one, moduleSteps, planned));
  const lowering = removals.judged.flatMap((one) => loweringSteps(one, removals));
  const removing = removals.modules.map(({ id, reason }): Step<"remove"> => {
    const address = moduleKey(id);
    const unbuilds = lowering.filter((one) => one.kind === "unbuild" && moduleKey(one.instance.module) === address);
    return { ...identity("remove", address), dependsOn: unbuilds.map((one) => one.id), reason, module: id };
  });
  const depmods = depmodSteps(given.depmods, [...raising, ...lowering]);
  const initramfs = initramfsSteps(given.initramfs, { instances: [...raising, ...lowering], depmods });
  const sweeps = given.sweeps.map(sweepStep);
  const steps = afterPreparation([
    ...[...moduleSteps.values(), ...otherRepairs(given), ...sweeps],
    ...[...raising, ...lowering, ...removing, ...depmods, ...initramfs.steps],
  ]);
  return { steps, changes: summarizeSteps(given, steps), diagnostics: initramfs.diagnostics };
}

function identity<K extends StepKind>(kind: K, address: Address): { id: StepId; kind: K; address: Address } {
  return { id: stepId(kind, address), kind, address };
}

/** Every plan gives the same step the same name. */
function stepId(kind: StepKind, address: Address): StepId {
  return `${kind}:${address}`;
}

function moduleStep({ kind, id, entry, tarball, reason }: ModuleNeed): Step<"add" | "repair"> {
  const common = { dependsOn: [], reason, module: id };
  const address = moduleKey(id);
  if (kind === "repair") return { ...identity("repair", address), ...common };
  return { ...identity("add", address), ...common, source: tarball ? undefined : entry.source, tarball };
}

/** What is to be repaired besides: where builds that are to go must be put back first, or a source is to be replaced. */
function otherRepairs({ actual, wanted, removals }: Given): readonly Step<"repair">[] {
  const needs = new Map(wanted.modules.map(({ id, kind }) => [moduleKey(id), kind]));
  const leaving = new Set(removals.repairs.map(moduleKey));
  const left = actual.modules.filter(({ id, leftovers }) => {
    const need = needs.get(moduleKey(id));
    return leftovers.length > 0 && need !== "repair" && (need === "add" || leaving.has(moduleKey(id)));
  });
  return left.map(repairStep);
}

type InstanceStep = Step<"load-tarball" | "build" | "install" | "uninstall" | "unbuild">;

function raisingSteps(
  { entry, instance, verdict, dependencies }: Judged,
  moduleSteps: ReadonlyMap<ModuleKey, Step>,
  planned: ReadonlySet<InstanceAddress>,
): readonly InstanceStep[] {
  const address = instanceAddress(instance);
  const directives = entry?.directives ?? {};
  const first = moduleSteps.get(moduleKey(instance.module));
  const before = [
    ...(first ? [first.id] : []),
    ...dependencies.filter((one) => planned.has(one)).map((one) => stepId("install", one)),
  ];
  const steps: InstanceStep[] = [];
  const chain = () => (steps.length > 0 ? steps.slice(-1).map(({ id }) => id) : before);
  if (verdict.build) {
    const more = { instance, directives, timeoutMs: entry?.timeoutMs, replace: verdict.replacesBuild };
    steps.push({ ...identity("build", address), dependsOn: chain(), reason: verdict.build, ...more });
  }
  if (verdict.load) {
    const { tarball, reason } = verdict.load;
    const more = { instance, tarball, replace: verdict.replacesBuild };
    steps.push({ ...identity("load-tarball", address), dependsOn: before, reason, ...more });
  }
  if (verdict.uninstall) {
    steps.push({ ...identity("uninstall", address), dependsOn: chain(), reason: verdict.uninstall, instance });
  }
  if (verdict.install) {
    const more = { instance, directives, replaces: verdict.replaces };
    steps.push({ ...identity("install", address), dependsOn: chain(), reason: verdict.install, ...more });
  }
  return steps;
}

function loweringSteps({ instance, verdict }: Judged, { replacedBy }: Removals): readonly InstanceStep[] {
  const address = instanceAddress(instance);
  const replacement = replacedBy.get(address);
  const waits = replacement ? [replacement] : [];
  const { uninstall, unbuild } = verdict;
  const steps: InstanceStep[] = [];
  if (uninstall) steps.push({ ...identity("uninstall", address), dependsOn: waits, reason: uninstall, instance });
  if (unbuild) {
    const dependsOn = uninstall ? [stepId("uninstall", address)] : waits;
    steps.push({ ...identity("unbuild", address), dependsOn, reason: unbuild, instance });
  }
  return steps;
}

function summarizeSteps(given: Given, steps: readonly Step[]): readonly LaidChange[] {
  const { wanted, removals } = given;
  const shown = new Set<string>();
  const ofModule = (address: Address) =>
    steps.filter((one) => ["add", "repair", "remove"].includes(one.kind) && one.address === address);
  const ofInstance = ({ instance, entry, before }: Judged): readonly LaidChange[] => {
    const address = instanceAddress(instance);
    const whole = ofModule(moduleKey(instance.module));
    const own = steps.filter((one) => one.address === address);
    if (own.length === 0) return [];
    for (const { id } of whole) shown.add(id);
    const ofKernel = steps.filter((one) => isOfKernel(one.kind) && own.some(({ id }) => one.dependsOn.includes(id)));
    const first = whole.filter(({ kind }) => kind !== "remove");
    const order = [...first, ...own, ...whole.filter(({ kind }) => kind === "remove"), ...ofKernel];
    return [toChange(address, order, { before, after: levelAfter(order, before), entry })];
  };
  const changes = [...wanted.judged, ...removals.judged].flatMap(ofInstance);
  const entries = new Map([...wanted.modules, ...removals.modules].map(({ id, entry }) => [moduleKey(id), entry]));
  const left = steps.flatMap((one) => ("module" in one && !shown.has(one.id) ? [moduleKey(one.module)] : []));
  const modules = [...new Set(left)].map((address) => {
    const own = ofModule(address).filter((one) => !shown.has(one.id));
    const before: Level = given.actual.modules.some(({ id }) => moduleKey(id) === address) ? "added" : "absent";
    return toChange(address, own, { before, after: levelAfter(own, before), entry: entries.get(address) });
  });
  const alone = steps.filter((one) => isOfKernel(one.kind) && one.dependsOn.every((id) => id.startsWith("depmod:")));
  const owed = [...new Set(alone.map(({ address }) => address))].map((address) => {
    const own = alone.filter((one) => one.address === address);
    return toChange(address, own, { before: "installed", after: "installed", entry: undefined });
  });
  const swept = given.sweeps.flatMap(({ name, entry }) => {
    const own = steps.filter((one) => one.kind === "sweep" && one.name === name);
    const level: Level = given.actual.modules.some(({ id }) => id.name === name) ? "added" : "absent";
    return own.map((one) => toChange(one.address, [one], { before: level, after: level, entry }));
  });
  return [...swept, ...changes, ...modules, ...owed];
}

/** The most telling reason is that of the first thing done to the instance itself. */
function toChange(
  address: Address,
  steps: readonly Step[],
  rest: { readonly before: Level; readonly after: Level; readonly entry: Judged["entry"] },
): LaidChange {
  const telling = steps.find((one) => one.address === address) ?? steps[0];
  const reason = telling?.reason ?? { code: "kernel-changed", text: "" };
  const actions = steps.map(({ kind }) => kind);
  const { before, after, entry } = rest;
  return { address, actions, reason, before, after, source: entry?.position, stepIds: steps.map(({ id }) => id) };
}

function levelAfter(steps: readonly Step[], before: Level): Level {
  return steps.reduce((level: Level, { kind }) => reached[kind] ?? level, before);
}

const reached: { readonly [K in StepKind]: Level | undefined } = {
  sweep: undefined,
  add: "added",
  repair: undefined,
  "load-tarball": "built",
  build: "built",
  install: "installed",
  uninstall: "built",
  unbuild: "added",
  remove: "absent",
  depmod: undefined,
  initramfs: undefined,
};
