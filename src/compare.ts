import type { ActualState, ArchivePolicy, ScanRequest } from "./actual-state/actual-state.ts";
import { type KnownScan, readKnownScan, recallScan, scanToKeep } from "./actual-state/known-scan.ts";
import { toolBuild } from "./commands/tool-version.ts";
import type { DesiredState } from "./desired-state/desired-state.ts";
import { type KnownDigests, openDigests } from "./dkms/known-digests.ts";
import { type KnownEvaluations, openEvaluations } from "./dkms/known-evaluations.ts";
import type { SigningSettings } from "./dkms/signing/signing.ts";
import type { Host } from "./host/host.ts";
import type { assemblePlan } from "./plan/assemble-plan.ts";
import type { Plan } from "./plan/plan.ts";
import type { PlanFilter } from "./plan/resolve-wanted.ts";
import { scanRequest } from "./plan/scan-request.ts";

/** What is there, and how it differs from what is wanted. */
export interface Comparison {
  readonly actual: ActualState;
  readonly plan: Plan;
  /** Keeps what was found, as {@link KnownScan} has it; `undefined` if it comes from an earlier run, and nothing was read. */
  readonly keep: (() => boolean) | undefined;
}

export interface CompareOptions {
  readonly filter: PlanFilter;
  /** Default: as the scan has it. */
  readonly archives?: ArchivePolicy;
  /** Default: signing is not required. */
  readonly signing?: SigningSettings;
  /** What is known of files from before. Default: what earlier runs have kept. */
  readonly digests?: KnownDigests;
  /** What bash has said of dkms.conf files. Default: what earlier runs have kept. */
  readonly evaluations?: KnownEvaluations;
  /** How to come by what is known of a scan. Default: what earlier runs have kept is read. */
  readonly knownScan?: (() => unknown) | undefined;
  /** Whether what is found may be kept for later runs: to prepare for that takes time. */
  readonly mayKeep?: boolean;
}

/** Scans and plans, or knows from an earlier run what a scan would find. Writes nothing anywhere. */
export async function compare(host: Host, desired: DesiredState, options: CompareOptions): Promise<Comparison> {
  const { filter, archives, signing, evaluations = openEvaluations(host, toolBuild) } = options;
  const { runningKernel, arch } = host.machine;
  const request: ScanRequest = {
    ...scanRequest(desired, { runningKernel, arch }, filter),
    ...(archives && { archives }),
    ...(signing && { signing }),
    evaluations,
  };
  const { actual, keep, concluded } = await look(host, request, { ...options, desired });
  const plan = isPlan(concluded) ? concluded : await makePlan(desired, actual, filter);
  // What is loaded may forbid a step, and is known anew each time.
  const conclusion = plan.steps.length === 0 ? plan : undefined;
  return { actual, plan, keep: keep && (() => keep(conclusion)) };
}

/** Who knows the plan already need not wait for what it takes to make one. */
async function makePlan(...facts: Parameters<typeof assemblePlan>): Promise<Plan> {
  const { assemblePlan } = await import("./plan/assemble-plan.ts");
  return assemblePlan(...facts);
}

/** What this very program has kept as a plan is one. */
function isPlan(value: unknown): value is Plan {
  return typeof value === "object" && value !== null && "steps" in value && "summary" in value;
}

interface Look {
  readonly actual: ActualState;
  readonly keep: KnownScan["keep"] | undefined;
  /** The plan of an earlier run, if it had no steps: it follows from what is the same. */
  readonly concluded?: unknown;
}

async function look(
  host: Host,
  request: ScanRequest,
  given: CompareOptions & { readonly desired: DesiredState },
): Promise<Look> {
  const { desired, filter, digests = openDigests(host), mayKeep } = given;
  const { knownScan = () => readKnownScan(host) } = given;
  const keep = () => false;
  const isWhole = filter.modules.length === 0 && filter.kernel === undefined && !filter.retry;
  // What archives hold is not remembered.
  const question = isWhole && !request.tarballs?.length ? questionOf(host, desired, { ...request, filter }) : undefined;
  const known = question === undefined ? undefined : await recallScan(host, question, knownScan());
  if (known) return { actual: known.actual, concluded: known.conclusion, keep: undefined };
  // Who knows what is there need not wait for what it takes to look.
  const { scanActual } = await import("./actual-state/scan-actual.ts");
  const scan = (scanned: Host) => scanActual(scanned, request);
  if (mayKeep && question !== undefined) return scanToKeep(host, question, { digests: digests.host, scan });
  return { actual: await scan(digests.host), keep };
}

/** Everything but the places that are read on which the answer depends. */
function questionOf(
  { root, paths, machine }: Host,
  desired: DesiredState,
  { signing, filter }: ScanRequest & { readonly filter: PlanFilter },
): string {
  const { arch, runningKernel, uid } = machine;
  return JSON.stringify([toolBuild, root, paths, arch, runningKernel, uid, signing, filter, desired]);
}
