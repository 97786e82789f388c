import type { ModuleState } from "../actual-state/actual-state.ts";
import { moduleKey, packageKey } from "../dkms/id.ts";
import type { Sweep } from "./plan-sweeps.ts";
import { leftoversReason, type Step } from "./step.ts";

/** The step that clears a module's leftovers. */
export function repairStep({ id, leftovers }: ModuleState): Step<"repair"> {
  const address = moduleKey(id);
  const reason = leftoversReason(leftovers[0]);
  return { id: `repair:${address}`, kind: "repair", address, dependsOn: [], reason, module: id };
}

/** The step that carries out a sweep. */
export function sweepStep({ name, reason }: Sweep): Step<"sweep"> {
  const address = packageKey(name);
  return { id: `sweep:${address}`, kind: "sweep", address, dependsOn: [], reason, name };
}

/**
 * Puts repairs first, then the sweep of their package, then everything else that is done to it: what a verb keeps for its
 * undo looks like something that was left behind, and a build that is put back is not in the way of the sweep any more.
 * Where a build may have been put back, one that is wanted replaces it.
 */
export function afterPreparation(steps: readonly Step[]): readonly Step[] {
  const repairs = steps.filter((step) => step.kind === "repair");
  const sweeps = steps.filter((step) => step.kind === "sweep");
  const others = steps.filter((step) => step.kind !== "repair" && step.kind !== "sweep");
  return [
    ...repairs,
    ...sweeps.map((step) => {
      const before = repairs.filter(({ module }) => module.name === step.name);
      return { ...step, dependsOn: before.map(({ id }) => id) };
    }),
    ...others.map((step) => {
      if (step.kind === "depmod" || step.kind === "initramfs") return step;
      const module = "module" in step ? step.module : step.instance.module;
      const sweep = sweeps.filter(({ name }) => name === module.name);
      const repair = repairs.filter((one) => moduleKey(one.module) === moduleKey(module));
      const before = [...sweep, ...repair].map(({ id }) => id);
      const dependsOn = [...new Set([...before, ...step.dependsOn])];
      return (step.kind === "build" || step.kind === "load-tarball") && repair.length > 0
        ? { ...step, dependsOn, replace: true }
        : { ...step, dependsOn };
    }),
  ];
}
