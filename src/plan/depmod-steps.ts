import type { ActualState } from "../actual-state/actual-state.ts";
import { type InstanceId, instanceAddress, type KernelId, kernelKey } from "../dkms/id.ts";
import type { PlanFilter, Wanted } from "./resolve-wanted.ts";
import type { Reason, Step } from "./step.ts";

/** A kernel in which depmod has been, and may have to be again. */
export interface DepmodNeed {
  readonly kernel: KernelId;
  /** Why it must, whatever the plan changes; `undefined`: it need not. */
  readonly reason: Reason | undefined;
}

/** The kernels that a plan is about and that have a modules.dep. Pure. */
export function depmodNeeds(wanted: readonly Wanted[], actual: ActualState, filter: PlanFilter): readonly DepmodNeed[] {
  const owed = new Set(actual.depmodOwed.map(kernelKey));
  const behind = new Map(wanted.flatMap((one) => behindIn(one, actual)));
  return actual.kernels
    .filter(({ hasModulesDep }) => hasModulesDep)
    .filter(({ id }) => filter.kernel === undefined || filter.kernel === id.release)
    .map(({ id }) => {
      const file = behind.get(kernelKey(id));
      if (owed.has(kernelKey(id))) return { kernel: id, reason: owedReason };
      return { kernel: id, reason: file === undefined || filter.leaving ? undefined : behindReason(file) };
    });
}

/** What is not wanted is none of our business. */
function behindIn({ entry, id, kernels }: Wanted, { depmodBehind }: ActualState) {
  if (!id || entry.state !== "installed") return [];
  return kernels.flatMap((kernel) => {
    const file = depmodBehind.get(instanceAddress({ module: id, kernel }));
    return file === undefined ? [] : [[kernelKey(kernel), file] as const];
  });
}

const owedReason: Reason = {
  code: "depmod-owed",
  text: "an earlier run ended before depmod had seen all that it changed",
};

function behindReason(file: string): Reason {
  return { code: "depmod-behind", text: `modules.dep does not name ${file}, which is installed` };
}

const changedReason: Reason = { code: "kernel-changed", text: "what is installed for this kernel changes" };

type InstanceStep = Step<"load-tarball" | "build" | "install" | "uninstall" | "unbuild">;

/** One depmod per kernel, after everything that changes what is installed for it. */
export function depmodSteps(needs: readonly DepmodNeed[], steps: readonly InstanceStep[]): readonly Step<"depmod">[] {
  return needs.flatMap(({ kernel, reason }): Step<"depmod">[] => {
    const address = kernelKey(kernel);
    const dependsOn = steps.filter((one) => changes(one, kernel)).map(({ id }) => id);
    if (dependsOn.length === 0 && !reason) return [];
    const common = { id: `depmod:${address}` as const, kind: "depmod" as const, address };
    return [{ ...common, dependsOn, reason: reason ?? changedReason, kernel }];
  });
}

function changes({ kind, instance }: { readonly kind: string; readonly instance: InstanceId }, kernel: KernelId) {
  return (kind === "install" || kind === "uninstall") && kernelKey(instance.kernel) === kernelKey(kernel);
}
