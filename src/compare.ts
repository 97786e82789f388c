import type { ActualState, ArchivePolicy } from "./actual-state/actual-state.ts";
import { scanActual } from "./actual-state/scan-actual.ts";
import type { DesiredState } from "./desired-state/desired-state.ts";
import { type KnownDigests, openDigests } from "./dkms/known-digests.ts";
import type { SigningSettings } from "./dkms/signing/signing.ts";
import type { Host } from "./host/host.ts";
import { assemblePlan } from "./plan/assemble-plan.ts";
import type { Plan } from "./plan/plan.ts";
import type { PlanFilter } from "./plan/resolve-wanted.ts";
import { scanRequest } from "./plan/scan-request.ts";

/** What is there, and how it differs from what is wanted. */
export interface Comparison {
  readonly actual: ActualState;
  readonly plan: Plan;
}

export interface CompareOptions {
  readonly filter: PlanFilter;
  /** Default: as the scan has it. */
  readonly archives?: ArchivePolicy;
  /** Default: signing is not required. */
  readonly signing?: SigningSettings;
  /** What is known of files from before. Default: what earlier runs have kept. */
  readonly digests?: KnownDigests;
}

/** Scans and plans. Writes nothing anywhere. */
export async function compare(
  host: Host,
  desired: DesiredState,
  { filter, archives, signing, digests = openDigests(host) }: CompareOptions,
): Promise<Comparison> {
  const { runningKernel, arch } = host.machine;
  const request = scanRequest(desired, { runningKernel, arch }, filter);
  const actual = await scanActual(digests.host, {
    ...request,
    ...(archives && { archives }),
    ...(signing && { signing }),
  });
  return { actual, plan: assemblePlan(desired, actual, filter) };
}
