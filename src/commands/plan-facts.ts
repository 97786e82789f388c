import { randomUUID } from "node:crypto";
import type { Comparison } from "../compare.ts";
import type { DesiredState } from "../desired-state/desired-state.ts";
import type { Host } from "../host/host.ts";
import { fingerprint, observe } from "../plan/observe.ts";
import type { PlanFilter } from "../plan/resolve-wanted.ts";
import type { PlanFacts } from "../report/plan-document.ts";
import { hostFacts } from "./host-facts.ts";
import { toolVersion } from "./tool-version.ts";

interface Planned {
  readonly desired: DesiredState;
  readonly filter: PlanFilter;
  readonly compared: Pick<Comparison, "actual" | "plan">;
}

/** What a plan document says besides the plan that was made just now. */
export function planFacts(host: Host, { desired, filter, compared }: Planned): PlanFacts {
  const touched = observe(compared.plan.steps, { desired, actual: compared.actual, filter });
  return {
    planId: randomUUID(),
    createdAt: host.clock(),
    host: hostFacts(host),
    trees: host.paths,
    desired,
    filter,
    observed: { fingerprint: fingerprint(touched), touched },
    toolVersion,
  };
}
