import type { EnginePolicy } from "../dkms/engine-policy.ts";
import type { Result } from "../dkms/failure.ts";
import type { Done } from "../dkms/verbs/verb.ts";
import type { ArchiveLimits } from "../host/archive/archive-limits.ts";
import type { Host } from "../host/host.ts";
import type { Step, StepKind } from "../plan/step.ts";
import type { Workshop } from "./workshop.ts";

/** Carries out steps: one function for each kind, so that an engine that lacks one does not compile. */
export type Engine = {
  readonly [K in StepKind]: (host: Host, step: Step<K>, options: ExecuteOptions) => Promise<Result<Done>>;
};

export interface ExecuteOptions {
  /** How many jobs all builds together may run. */
  readonly jobs: number;
  /** Whether somebody has said so; where it is the number of processors, the last builds may run one more. */
  readonly jobsAsked: boolean;
  readonly workshop: Workshop;
  /** For builds whose module says nothing. */
  readonly buildTimeoutMs: number;
  readonly policy: EnginePolicy;
  /** How much an archive that is loaded may hold. */
  readonly archives: { readonly limits: ArchiveLimits };
}

/** Carries out one step. */
export function execute<K extends StepKind>(
  engine: Engine,
  host: Host,
  { step, options }: { readonly step: Step<K>; readonly options: ExecuteOptions },
): Promise<Result<Done>> {
  const executor: Engine[K] = engine[step.kind];
  return executor(host, step, options);
}
