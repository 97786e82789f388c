import type { LoadedVerdict } from "../actual-state/compare-loaded.ts";
import type { BootProblem } from "../actual-state/inspect-installed.ts";
import type { DesiredModule } from "../desired-state/desired-state.ts";
import {
  type InstanceAddress,
  type InstanceId,
  instanceAddress,
  type KernelId,
  kernelKey,
  moduleKey,
} from "../dkms/id.ts";
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
  return resolveWanted(world.desired, world.actual, world.filter).wanted.flatMap(({ entry, id, kernels }) =>
    id ? kernels.map((kernel) => judge({ module: id, kernel }, entry, facts)) : [],
  );
}

/** What is still to be done for a kernel as a whole: the depmod of a run that was killed. Pure. */
export function kernelProblems({ changes }: Pick<Plan, "changes">, kernel: KernelId): readonly ReadinessProblem[] {
  const address: string = kernelKey(kernel);
  return changes
    .filter((change) => change.address === address && change.actions.includes("depmod"))
    .map(({ reason }) => problem(reason.code, reason.text));
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

function judge(instance: InstanceId, entry: Judging, facts: ReadinessFacts): Readiness {
  const { state: wanted, initramfs } = entry;
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
  const kernel: string = kernelKey(instance.kernel);
  const isOutdated =
    initramfs && plan.changes.some((one) => one.address === kernel && one.actions.includes("initramfs"));
  const isStale = mustRun && wanted === "installed" && told.loaded === "other";
  const problems = [...open, ...others, ...(isOutdated ? [outdatedProblem] : []), ...(isStale ? [staleProblem] : [])];
  return { ...told, status: problems.length === 0 ? "ready" : "not-ready", problems };
}

const outdatedProblem = problem("initramfs-outdated", "the initramfs is not known to hold it as it is installed");

const staleProblem: ReadinessProblem = {
  ...problem("other-loaded", "another build or version of it is loaded than the one that is installed"),
  remedy: "unload and load it (modprobe -r), or reboot",
};

function problem(reason: string, text: string): ReadinessProblem {
  return { reason, text, remedy: undefined, path: undefined };
}
