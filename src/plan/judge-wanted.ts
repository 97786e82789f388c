import type { ActualState, ModuleState } from "../actual-state/actual-state.ts";
import type { DesiredModule, DesiredState } from "../desired-state/desired-state.ts";
import { orderByDependency } from "../dkms/graph.ts";
import { type InstanceAddress, type InstanceId, instanceAddress, type ModuleId, moduleKey } from "../dkms/id.ts";
import { blockCode } from "./block-code.ts";
import { judgeInstance } from "./judge-instance.ts";
import { type ModuleNeed, moduleNeed } from "./module-need.ts";
import type { Blocked, Level, NotApplicable } from "./plan.ts";
import type { Wanted } from "./resolve-wanted.ts";
import { type Acting, findInstance, type Verdict } from "./verdict.ts";

/** An instance on which something is to be done. */
export interface Judged {
  readonly entry: DesiredModule | undefined;
  readonly instance: InstanceId;
  readonly verdict: Acting;
  readonly before: Level;
  /** Instances of its BUILD_DEPENDS for the same kernel. */
  readonly dependencies: readonly InstanceAddress[];
}

export interface JudgedWanted {
  /** In dependency order. */
  readonly judged: readonly Judged[];
  readonly modules: readonly ModuleNeed[];
  readonly blocked: readonly Blocked[];
  readonly notApplicable: readonly NotApplicable[];
  /** How many wanted instances are as they should be. */
  readonly unchanged: number;
}

interface Candidate {
  readonly entry: DesiredModule;
  readonly instance: InstanceId;
  readonly dependencies: readonly InstanceAddress[];
}

/** Judges every wanted instance, dependencies first, and what each wanted module needs as a whole. Pure. */
export function judgeWanted(desired: DesiredState, wanted: readonly Wanted[], actual: ActualState): JudgedWanted {
  const modules = new Map(actual.modules.map((module) => [moduleKey(module.id), module]));
  const candidates = wanted.flatMap((one) => candidatesOf(one, actual));
  const byAddress = new Map(candidates.map((one) => [instanceAddress(one.instance), one]));
  const { order, cycles } = orderByDependency(candidates, ({ dependencies }) =>
    dependencies.flatMap((address) => byAddress.get(address) ?? []),
  );
  const verdicts = new Map<InstanceAddress, Verdict>();
  const verdictOn = (instance: InstanceId) => (name: string) => {
    const candidate = candidates.find((one) => isDependency(one, name, instance));
    return candidate && verdicts.get(instanceAddress(candidate.instance));
  };
  for (const members of cycles) {
    for (const { instance } of members) verdicts.set(instanceAddress(instance), cycleVerdict(members));
  }
  const leaves = (instance: InstanceId) => leavesWith(desired, instance.module);
  for (const { entry, instance } of order) {
    const module = modules.get(moduleKey(instance.module));
    const verdict = judgeInstance({ entry, instance, actual, module, verdictOn: verdictOn(instance), leaves });
    verdicts.set(instanceAddress(instance), verdict);
  }
  return collect({ wanted, actual, modules, verdicts, candidates: [...order, ...cycles.flat()] });
}

function candidatesOf({ entry, id, kernels }: Wanted, actual: ActualState): readonly Candidate[] {
  if (!id) return [];
  return kernels.map((kernel) => {
    const instance = { module: id, kernel };
    const conf = actual.prospects.get(instanceAddress(instance))?.conf;
    const names = conf?.ok ? conf.value.buildDepends : [];
    return { entry, instance, dependencies: names.flatMap((name) => dependencyAddresses(name, instance, actual)) };
  });
}

/** The dependency is named without a version: every version that is wanted here may be meant. */
function dependencyAddresses(name: string, { kernel }: InstanceId, actual: ActualState): readonly InstanceAddress[] {
  return [...actual.sources.values()]
    .filter(({ id }) => id.name === name)
    .map(({ id }) => instanceAddress({ module: id, kernel }));
}

function isDependency({ entry, instance }: Candidate, name: string, of: InstanceId): boolean {
  const sameKernel = instance.kernel.release === of.kernel.release && instance.kernel.arch === of.kernel.arch;
  return entry.state === "installed" && instance.module.name === name && sameKernel;
}

function cycleVerdict(members: readonly Candidate[]): Verdict {
  const names = members.map(({ instance }) => moduleKey(instance.module));
  const circle = [...names, names[0]].join(" -> ");
  return {
    kind: "blocked",
    reason: "dependency-cycle",
    text: `BUILD_DEPENDS goes in a circle: ${circle}`,
    remedy: "take one of the BUILD_DEPENDS out of its dkms.conf, or override it in `directives:`",
  };
}

/** Whether the documents take a module away, by name or because nobody lists it. */
function leavesWith(desired: DesiredState, module: ModuleId): boolean {
  const entries = desired.modules.filter(({ name }) => name === module.name);
  const entry = entries.find(({ version }) => version === module.version || version === "*");
  if (!entry) return desired.unlisted === "prune";
  return entry.state !== "installed";
}

interface Collected {
  readonly wanted: readonly Wanted[];
  readonly actual: ActualState;
  readonly modules: ReadonlyMap<string, ModuleState>;
  readonly verdicts: ReadonlyMap<InstanceAddress, Verdict>;
  readonly candidates: readonly Candidate[];
}

function collect(given: Collected): JudgedWanted {
  const judged: Judged[] = [];
  const blocked: Blocked[] = [];
  const notApplicable: NotApplicable[] = [];
  let unchanged = 0;
  for (const { entry, instance, dependencies } of given.candidates) {
    const address = instanceAddress(instance);
    const verdict = given.verdicts.get(address);
    const source = entry.position;
    if (verdict?.kind === "act") {
      const before = levelOf(given.modules.get(moduleKey(instance.module)), instance);
      judged.push({ entry, instance, verdict, before, dependencies });
    } else if (verdict?.kind === "blocked") {
      const { kind: _, ...blocking } = verdict;
      blocked.push({ ...blocking, address, code: blockCode(verdict), source });
    } else if (verdict?.kind === "not-applicable") {
      notApplicable.push({ address, text: verdict.text, source });
    } else unchanged += 1;
  }
  const needs = given.wanted.map((one) => {
    const key = one.id && moduleKey(one.id);
    const verdicts = judged.filter(({ instance }) => moduleKey(instance.module) === key).map(({ verdict }) => verdict);
    return moduleNeed(one, given.actual, verdicts);
  });
  const needed = needs.flatMap((need) => (need && "kind" in need ? [need] : []));
  blocked.push(...needs.flatMap((need) => (need && "remedy" in need ? [need] : [])));
  return { judged, modules: needed, blocked, notApplicable, unchanged };
}

/** The level of one instance before anything is done. */
function levelOf(module: ModuleState | undefined, instance: InstanceId): Level {
  if (!module) return "absent";
  return findInstance(module, instance)?.level ?? "added";
}
