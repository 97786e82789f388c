import type { BuildInputs } from "../dkms/build-record.ts";
import type { InstanceId } from "../dkms/id.ts";
import type { KnownEvaluations } from "../dkms/known-evaluations.ts";
import type { Host } from "../host/host.ts";
import { rememberListings } from "../host/remember-listings.ts";
import type { Plan } from "../plan/plan.ts";
import { type ApplyOptions, applyPlan } from "./apply-plan.ts";
import { builtInEngine } from "./built-in-engine.ts";
import { dkmsEngine } from "./dkms-engine.ts";
import { expectedDuration } from "./expected-duration.ts";
import { noteFailures } from "./note-failures.ts";
import { orWarn } from "./or-warn.ts";
import type { Applied } from "./outcome.ts";
import { noWorkshop, openWorkshop } from "./workshop.ts";

/** Our own verbs, or the host's `dkms` command. */
export type EngineName = "builtin" | "dkms";

/** What the scan before a run has seen of instances. */
export interface Seen {
  /** Milliseconds of the last build; `undefined` if there was none. */
  readonly lastDuration: (instance: InstanceId) => number | undefined;
  readonly inputsOf: (instance: InstanceId) => BuildInputs | undefined;
}

export interface CarryOutOptions extends Omit<ApplyOptions, "engine" | "workshop" | "expectedMs"> {
  readonly engine: EngineName;
  /** What bash has said of dkms.conf files. */
  readonly evaluations: KnownEvaluations;
}

/** Applies a plan by an engine: builds side by side, the longest way first, and what failed is remembered. */
export async function carryOut(
  host: Host,
  { plan, seen }: { readonly plan: Plan; readonly seen: Seen },
  options: CarryOutOptions,
): Promise<Applied> {
  const { steps } = plan;
  const byDkms = options.engine === "dkms";
  const workshop = byDkms ? noWorkshop : await openWorkshop(host, { ...options, steps });
  const expectedMs = expectedDuration(host, { steps, lastDuration: ({ instance }) => seen.lastDuration(instance) });
  try {
    const engine = byDkms ? dkmsEngine : builtInEngine;
    const applied = await applyPlan(remembering(host), plan, { ...options, workshop, engine, expectedMs });
    const results = { steps, results: applied.steps, inputsOf: seen.inputsOf };
    orWarn(options.emit, "remember what failed", () => noteFailures(host, results));
    return applied;
  } finally {
    await workshop.close();
  }
}

/** Of an install tree only this run's own steps, and rarely somebody else, change a few directories. */
function remembering(host: Host): Host {
  const { files, paths, clock } = host;
  return { ...host, files: { ...files, list: rememberListings(files, paths.installTree, clock) } };
}
