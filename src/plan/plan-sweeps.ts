import type { ActualState } from "../actual-state/actual-state.ts";
import type { DesiredModule, DesiredState } from "../desired-state/desired-state.ts";
import { type PlanFilter, passes } from "./resolve-wanted.ts";
import { leftoversReason, type Reason } from "./step.ts";

/** A package of which killed runs have left something. */
export interface Sweep {
  readonly name: string;
  readonly entry: DesiredModule | undefined;
  readonly reason: Reason;
}

interface Given {
  readonly desired: DesiredState;
  readonly actual: ActualState;
  readonly filter: PlanFilter;
}

/**
 * Packages to be swept up: those of which the documents name any version, also as absent, and with `unlisted: prune` all
 * others. What nobody names is not touched, and nothing is pruned on an incomplete scan.
 */
export function planSweeps({ desired, actual, filter }: Given): readonly Sweep[] {
  const prunes = desired.unlisted === "prune" && actual.complete;
  return actual.strays.flatMap(({ name, paths }): Sweep[] => {
    if (!passes({ name, version: "*" }, filter)) return [];
    const entry = desired.modules.find((one) => one.name === name);
    return entry || prunes ? [{ name, entry, reason: leftoversReason(paths[0]) }] : [];
  });
}
