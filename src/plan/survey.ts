import type { LoadedVerdict } from "../actual-state/compare-loaded.ts";
import type { BootProblem } from "../actual-state/inspect-installed.ts";
import {
  type Address,
  type InstanceAddress,
  type InstanceId,
  instanceAddress,
  type KernelKey,
  kernelKey,
  type ModuleId,
  moduleKey,
  parseInstanceAddress,
  parseModuleKey,
} from "../dkms/id.ts";
import { entryFor } from "./entry.ts";
import type { Blocked, Change, Level, Plan } from "./plan.ts";
import { kernelProblems, type Readiness, readinessOf } from "./readiness.ts";
import { type RebootNeed, rebootNeed } from "./reboot-need.ts";
import { noFilter, passes, resolveWanted } from "./resolve-wanted.ts";
import { isOfKernel } from "./step.ts";
import type { World } from "./touched.ts";
import { findInstance } from "./verdict.ts";
import { wishesOf } from "./wishes.ts";

/** How things stand with all that is wanted or there, as far as a run has looked. */
export interface Survey {
  /** Instances; then whole modules of which there is something to say. */
  readonly places: readonly SurveyedPlace[];
  /** What is still to be done for kernels as a whole, of those that the run was about: `release/arch` -> why. */
  readonly kernels: ReadonlyMap<KernelKey, readonly string[]>;
  /** The run was about everything. */
  readonly isWhole: boolean;
  readonly reboot: RebootNeed;
}

export interface SurveyedPlace {
  readonly address: Address;
  /** `undefined`: a whole module. */
  readonly instance: InstanceId | undefined;
  /** `undefined`: no document asks for it. */
  readonly wanted: Level | undefined;
  readonly level: Level;
  /** What the documents ask for, as wishes.ts has it. */
  readonly asked: string | undefined;
  /** The run was about it; what is `undefined` below of other places is unknown. */
  readonly isMeant: boolean;
  readonly readiness: Readiness | undefined;
  readonly change: Change | undefined;
  readonly blocked: Blocked | undefined;
  /** What the run found before it did anything. */
  readonly found: Change | undefined;
  readonly loaded: LoadedVerdict | undefined;
  /** The scan found something wrong with it. */
  readonly hasProblems: boolean;
}

export interface SurveyFacts {
  /** What the run found, and set out to do. */
  readonly before: Pick<Plan, "changes">;
  /** What there is to do now. */
  readonly now: Pick<Plan, "changes" | "blocked" | "notApplicable">;
  readonly inspected: ReadonlyMap<InstanceAddress, readonly BootProblem[]>;
  readonly loaded: ReadonlyMap<InstanceAddress, LoadedVerdict>;
}

/** Of everything that is wanted or there how it stands, also of what a run that was narrowed was not about. Pure. */
export function survey(world: World, facts: SurveyFacts): Survey {
  const { filter } = world;
  const everything = { ...world, filter: noFilter };
  return {
    places: [...instancePlaces(world, facts), ...modulePlaces(world, facts)],
    kernels: new Map(
      world.actual.kernels
        .filter(({ id }) => filter.kernel === undefined || filter.kernel === id.release)
        .map(({ id }) => [kernelKey(id), kernelProblems(facts.now, id).map(({ text }) => text)]),
    ),
    isWhole: filter.modules.length === 0 && filter.kernel === undefined,
    reboot: rebootNeed(everything, facts.loaded),
  };
}

function instancePlaces(world: World, facts: SurveyFacts): readonly SurveyedPlace[] {
  const { actual, filter } = world;
  const isMeant = ({ module, kernel }: InstanceId) =>
    passes(module, filter) && (filter.kernel === undefined || filter.kernel === kernel.release);
  const asIs = wantedIn({ ...world, filter: noFilter }).filter(({ instance }) => !isMeant(instance));
  const wanted = new Map([...asIs, ...wantedIn(world)].map((one) => [instanceAddress(one.instance), one]));
  const there = actual.modules.flatMap(({ id, instances }) => instances.map(({ kernel }) => ({ module: id, kernel })));
  const all = new Map([...wanted.values()].map(({ instance }) => [instanceAddress(instance), instance]));
  for (const instance of there) all.set(instanceAddress(instance), instance);
  const modules = new Map(actual.modules.map((module) => [moduleKey(module.id), module]));
  const readiness = new Map(
    readinessOf(world, { plan: facts.now, inspected: facts.inspected, loaded: facts.loaded }).map((one) => [
      one.address,
      one,
    ]),
  );
  return [...all].map(([address, instance]) => {
    const module = modules.get(moduleKey(instance.module));
    const state = findInstance(module, instance);
    return {
      ...changesAt(address, facts),
      address,
      instance,
      wanted: wanted.get(address)?.level,
      level: state?.level ?? (module ? "added" : "absent"),
      asked: wanted.get(address)?.asked,
      isMeant: isMeant(instance),
      readiness: wanted.has(address) ? readiness.get(address) : undefined,
      loaded: facts.loaded.get(address),
      hasProblems: (state?.problems.length ?? 0) > 0,
    };
  });
}

interface Wish {
  readonly instance: InstanceId;
  readonly level: Level;
  readonly asked: string | undefined;
}

function wantedIn(world: World): readonly Wish[] {
  const { desired, actual, filter } = world;
  const { places } = wishesOf(world);
  return resolveWanted(desired, actual, filter).wanted.flatMap(({ entry, id, kernels }) =>
    id
      ? kernels.map((kernel) => {
          const instance = { module: id, kernel };
          return { instance, level: entry.state, asked: places.get(instanceAddress(instance)) };
        })
      : [],
  );
}

function modulePlaces(world: World, facts: SurveyFacts): readonly SurveyedPlace[] {
  const { desired, actual, filter } = world;
  const told = [
    ...facts.before.changes.filter(isOfModule),
    ...facts.now.changes.filter(isOfModule),
    ...facts.now.blocked,
  ];
  const modules = new Map<Address, ModuleId>();
  for (const { address } of told) {
    const module = parseInstanceAddress(address) ? undefined : parseModuleKey(address);
    if (module) modules.set(address, module);
  }
  return [...modules].map(([address, module]) => {
    const entry = entryFor(desired, module);
    return {
      ...changesAt(address, facts),
      address,
      instance: undefined,
      wanted: entry?.state,
      level: actual.modules.some(({ id }) => moduleKey(id) === moduleKey(module)) ? "added" : "absent",
      asked: undefined,
      isMeant: passes(module, filter),
      readiness: undefined,
      loaded: undefined,
      hasProblems: false,
    };
  });
}

/** What is owed to a kernel, or swept for a package, is of no module. */
function isOfModule({ actions }: Change): boolean {
  return actions.some((kind) => !isOfKernel(kind) && kind !== "sweep");
}

function changesAt(
  address: Address,
  { before, now }: SurveyFacts,
): Pick<SurveyedPlace, "change" | "blocked" | "found"> {
  const isHere = (one: { readonly address: string }) => one.address === address;
  return { change: now.changes.find(isHere), blocked: now.blocked.find(isHere), found: before.changes.find(isHere) };
}
