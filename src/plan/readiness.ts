import type { LoadedVerdict } from "../actual-state/compare-loaded.ts";
import type { BootProblem } from "../actual-state/inspect-installed.ts";
import type { DesiredModule } from "../desired-state/desired-state.ts";
import {
  type InstanceAddress,
  type InstanceId,
  instanceAddress,
  type KernelId,
  type KernelKey,
  kernelKey,
  moduleKey,
} from "../dkms/id.ts";
import { type InitramfsNeed, initramfsNeeds } from "./initramfs-steps.ts";
import type { Level, Plan } from "./plan.ts";
import { resolveWanted } from "./resolve-wanted.ts";
import type { World } from "./touched.ts";
import { findInstance } from "./verdict.ts";

/** Whether one wanted instance is there as it is wanted, and the kernel would take it. */
export interface Readiness {
  readonly address: InstanceAddress;
  readonly wanted: Level;
  readonly status: "ready" | "not-ready" | "not-applicable";
  /** Empty if it is ready; for `not-applicable` why. */
  readonly problems: readonly ReadinessProblem[];
  /** Into the running kernel; `undefined` for another one. */
  readonly loaded: LoadedVerdict | undefined;
}

export interface ReadinessProblem {
  /** Of a change that is still to be made, of what blocks it, or of what {@link BootProblem} says. */
  readonly reason: string;
  /** One sentence without its full stop. */
  readonly text: string;
  /** `undefined`: apply does it. */
  readonly remedy: string | undefined;
  readonly path: string | undefined;
}

export interface ReadinessFacts {
  /** What is still to be done; nothing for what is as it should be. */
  readonly plan: Pick<Plan, "changes" | "blocked" | "notApplicable">;
  readonly inspected: ReadonlyMap<InstanceAddress, readonly BootProblem[]>;
  readonly loaded: ReadonlyMap<InstanceAddress, LoadedVerdict>;
  /** Not only would the kernel take it: what is loaded already has to be what is installed. */
  readonly mustRun?: boolean;
}

/** Of each instance that is wanted, in the order of documents and kernels, whether it is ready. Pure. */
export function readinessOf(world: World, facts: ReadinessFacts): readonly Readiness[] {
  const { wanted } = resolveWanted(world.desired, world.actual, world.filter);
  // Whoever it is left to has not made it yet.
  const filter = { ...world.filter, leavesInitramfs: false };
  const outdated = initramfsNeeds(wanted, world.actual, filter).filter((need) => need.outdated !== undefined);
  const initramfs = new Map(outdated.map((need) => [kernelKey(need.kernel), need]));
  return wanted.flatMap(({ entry, id, kernels }) =>
    id ? kernels.map((kernel) => judge({ module: id, kernel }, entry, { ...facts, initramfs })) : [],
  );
}

/** What is still to be done for a kernel as a whole: the depmod of a run that was killed. Pure. */
export function kernelProblems({ changes }: Pick<Plan, "changes">, kernel: KernelId): readonly ReadinessProblem[] {
  const address: string = kernelKey(kernel);
  return (
    changes
      .filter((change) => change.address === address && change.actions.includes("depmod"))
      // That is told of the very instance.
      .filter(({ reason }) => reason.code !== "depmod-behind")
      .map(({ reason }) => problem(reason.code, reason.text))
  );
}

/** The installed instances among those that are wanted as installed: what is to be inspected. Pure. */
export function installedAmongWanted({ desired, actual, filter }: World) {
  const modules = new Map(actual.modules.map((module) => [moduleKey(module.id), module]));
  return resolveWanted(desired, actual, filter).wanted.flatMap(({ entry, id, kernels }) => {
    if (!id || entry.state !== "installed") return [];
    return kernels.flatMap((kernel) => {
      const instance = { module: id, kernel };
      const state = findInstance(modules.get(moduleKey(id)), instance);
      return state?.level === "installed" ? [{ id: instance, state }] : [];
    });
  });
}

/** What an entry of the documents says of each of its instances. */
type Judging = Pick<DesiredModule, "state" | "initramfs">;

interface JudgedBy extends ReadinessFacts {
  /** What is not known to hold the modules of its kernel as they are installed. */
  readonly initramfs: ReadonlyMap<KernelKey, InitramfsNeed>;
}

function judge(instance: InstanceId, entry: Judging, facts: JudgedBy): Readiness {
  const { state: wanted } = entry;
  const { plan, inspected, loaded, mustRun = false } = facts;
  const address = instanceAddress(instance);
  const isHere = (one: { readonly address: string }) => one.address === address;
  const told = { address, wanted, loaded: loaded.get(address) };
  const excluded = plan.notApplicable.find(isHere);
  if (excluded) return { ...told, status: "not-applicable", problems: [problem("not-applicable", excluded.text)] };
  const blocked = plan.blocked.find(isHere);
  const change = plan.changes.find(isHere);
  const open = [
    ...(blocked ? [{ ...problem(blocked.reason, blocked.text), remedy: blocked.remedy }] : []),
    ...(change ? [problem(change.reason.code, change.reason.text)] : []),
  ];
  const reasons = open.map(({ reason }) => reason);
  const others = (inspected.get(address) ?? []).filter(({ reason }) => !reasons.includes(reason));
  const outdated = entry.initramfs ? facts.initramfs.get(kernelKey(instance.kernel)) : undefined;
  const isStale = mustRun && wanted === "installed" && told.loaded === "other";
  const problems = [
    ...open,
    ...others,
    ...(outdated ? [outdatedProblem(outdated)] : []),
    ...(isStale ? [staleProblem] : []),
  ];
  return { ...told, status: problems.length === 0 ? "ready" : "not-ready", problems };
}

function outdatedProblem({ hindrance, declined, image }: InitramfsNeed): ReadinessProblem {
  const text = "the initramfs is not known to hold it as it is installed";
  const why = hindrance ?? declined;
  const told = problem("initramfs-outdated", why ? `${text}: ${why.text}` : text);
  return why ? { ...told, remedy: why.remedy, path: image } : told;
}

const staleProblem: ReadinessProblem = {
  ...problem("other-loaded", "another build or version of it is loaded than the one that is installed"),
  remedy: "unload and load it (modprobe -r), or reboot",
};

function problem(reason: string, text: string): ReadinessProblem {
  return { reason, text, remedy: undefined, path: undefined };
}
