import type { ActualState } from "./actual-state/actual-state.ts";
import { compareLoaded } from "./actual-state/compare-loaded.ts";
import { readKnownScan } from "./actual-state/known-scan.ts";
import type { EarlierPlan } from "./apply/admit-earlier.ts";
import type { CarryOutOptions, EngineName, Seen } from "./apply/carry-out.ts";
import { carryOutNothing } from "./apply/carry-out-nothing.ts";
import type { Emit } from "./apply/event.ts";
import { openJournal } from "./apply/journal.ts";
import { withLock } from "./apply/lock.ts";
import { orWarn } from "./apply/or-warn.ts";
import type { Applied, Outcome } from "./apply/outcome.ts";
import type { CommandFacts } from "./apply/run-facts.ts";
import { toolBuild } from "./commands/tool-version.ts";
import { type CompareOptions, compare } from "./compare.ts";
import type { DesiredState } from "./desired-state/desired-state.ts";
import type { EnginePolicy } from "./dkms/engine-policy.ts";
import { type Result, succeed } from "./dkms/failure.ts";
import { instanceAddress } from "./dkms/id.ts";
import { ioFailure } from "./dkms/io-failure.ts";
import { openDigests } from "./dkms/known-digests.ts";
import { openEvaluations } from "./dkms/known-evaluations.ts";
import { type KnownObjects, openObjects } from "./dkms/known-objects.ts";
import { writeLastApplied } from "./dkms/last-applied.ts";
import { protectModule } from "./dkms/protections.ts";
import type { Host } from "./host/host.ts";
import { tickMs } from "./host/settled.ts";
import { lastDuration } from "./plan/last-duration.ts";
import type { Plan } from "./plan/plan.ts";
import { rebootNeed } from "./plan/reboot-need.ts";
import { restrictPlan } from "./plan/restrict-plan.ts";
import { rememberWishes } from "./plan/wishes.ts";

export interface ReconcileOptions
  extends Required<Omit<CompareOptions, "signing" | "digests" | "evaluations" | "knownScan" | "mayKeep">> {
  readonly emit: Emit;
  readonly lockTimeoutMs: number;
  /** For builds whose module says nothing. */
  readonly buildTimeoutMs: number;
  readonly policy: EnginePolicy;
  /** Who carries out the steps: our own verbs, or the host's `dkms` command. */
  readonly engine: EngineName;
  /** How many jobs all builds together may run, and whether somebody has said so: else the last ones may run one more. */
  readonly jobs: number;
  readonly jobsAsked: boolean;
  /** Start nothing more after the first failure. */
  readonly failFast: boolean;
  /** What the journal is to tell of this run, besides its engine and what it is narrowed to. */
  readonly facts: CommandFacts;
  /** A plan that was made before: what it has is done, and nothing else; if it does not hold any more, nothing at all. */
  readonly earlier?: EarlierPlan | undefined;
  /** Called while the lock is sought, to get ready for the report. It must not throw. */
  readonly prepare?: (() => void) | undefined;
  /** Called under the lock after what was to be done: for what later runs can make use of. */
  readonly keep?: (() => void) | undefined;
  /** Called under the lock at the end, also of a run that was refused: for a report. Not if the lock could not be had. */
  readonly report?: ((result: Reconciled, objects: KnownObjects) => Promise<void>) | undefined;
}

export interface Reconciled {
  readonly plan: Plan;
  /** `undefined` if the plan has errors and nothing was done. */
  readonly outcome: Outcome | undefined;
  /** As it is now. */
  readonly actual: ActualState;
  /** What a new plan has; with an earlier plan also what that one does not have. */
  readonly now: Plan;
}

/**
 * The pipeline: lock, compare, apply, compare again. Success means that nothing remains to do. Fails with E_LOCKED if
 * another run does not end within the time limit, with E_STALE_PLAN if an earlier plan does not hold any more, and with
 * E_PERMISSION, E_READ_ONLY, E_NO_SPACE or E_NO_TOOL if this host cannot run it at all.
 */
export function reconcile(host: Host, desired: DesiredState, options: ReconcileOptions): Promise<Result<Reconciled>> {
  let knownScan: CompareOptions["knownScan"];
  const meanwhile = () => {
    const scan = readKnownScan(host);
    knownScan = () => scan;
    options.prepare?.();
  };
  return withLock<Reconciled>(host, { ...options, doing: options.facts.command, meanwhile }, async () => {
    try {
      return await reconcileLocked(host, desired, { ...options, knownScan });
    } catch (error) {
      return ioFailure(error, "keep the journal of the DKMS tree");
    }
  });
}

async function reconcileLocked(
  host: Host,
  desired: DesiredState,
  { knownScan, ...options }: ReconcileOptions & Pick<CompareOptions, "knownScan">,
): Promise<Result<Reconciled>> {
  const digests = openDigests(host);
  const evaluations = openEvaluations(host, toolBuild);
  const objects = openObjects(host);
  const scope = { ...options, signing: options.policy.signing, digests, evaluations, mayKeep: true };
  const before = await compare(host, desired, { ...scope, knownScan });
  const { earlier, filter, emit } = options;
  // Only who applies a saved plan waits for what it takes to judge one.
  const admission = earlier && (await import("./apply/admit-earlier.ts"));
  const admitted =
    earlier && admission
      ? admission.admitEarlier(host, earlier, { ...before, desired, filter, emit })
      : succeed(before.plan);
  if (!admitted.ok) return admitted;
  const plan = admitted.value;
  for (const diagnostic of plan.diagnostics) emit({ type: "diagnostic", diagnostic });
  if (plan.diagnostics.some(({ severity }) => severity === "error")) {
    const refused: Reconciled = { plan, actual: before.actual, outcome: undefined, now: before.plan };
    await options.report?.(refused, objects);
    return succeed(refused);
  }
  for (const module of desired.modules) if (module.protect) protectModule(host, module);
  const journal = openJournal(host, { ...options.facts, engine: options.engine, planId: earlier?.plan.planId, filter });
  // A run with nothing to do leaves one line: its end.
  if (plan.steps.length > 0) journal.start(desired, plan);
  const applied = await carryOutPlan(host, { plan, seen: seenIn(before.actual) }, { ...options, evaluations, journal });
  if (applied.steps.length > 0) digests.begin();
  // What has failed again waits for its next try: --retry was for this run.
  const next = { ...scope, filter: { ...filter, retry: false } };
  const after = applied.steps.length > 0 ? await compare(host, desired, next) : before;
  const remaining = earlier ? leftOf(plan, after.plan) : after.plan;
  if (earlier) admission?.tellLeft(after.plan.changes.length - remaining.changes.length, earlier, emit);
  const world = { desired, actual: after.actual, filter };
  const reboot = rebootNeed(world, await compareLoaded(host, after.actual, objects));
  const outcome = { ...applied, remaining, reboot };
  const wishes = rememberWishes(after.actual.lastApplied, after.plan, world);
  orWarn(emit, "remember what was wanted", () => writeLastApplied(host, wishes));
  if (!outcome.interrupted && after.keep) {
    const whole = filter.modules.length === 0 && filter.kernel === undefined;
    if (after.keep()) await keepSettled(host, desired, next);
    await digests.save({ whole });
    evaluations.save({ whole });
  }
  options.keep?.();
  orWarn(emit, "keep in the journal how this run ended", () => journal.end(outcome));
  const result: Reconciled = { plan, outcome, actual: after.actual, now: after.plan };
  await options.report?.(result, objects);
  emit({ type: "run_complete", outcome });
  return succeed(result);
}

/**
 * Looks once more when what has just changed has come to rest, so that the next run with nothing to do has nothing to
 * keep.
 */
async function keepSettled(host: Host, desired: DesiredState, scope: CompareOptions): Promise<void> {
  await host.pause(tickMs + 1);
  (await compare(host, desired, scope)).keep?.();
}

async function carryOutPlan(
  host: Host,
  work: { readonly plan: Plan; readonly seen: Seen },
  options: CarryOutOptions,
): Promise<Applied> {
  const { steps, changes } = work.plan;
  if (steps.length === 0 && changes.length === 0) return carryOutNothing(host, work.plan, options.emit);
  const { carryOut } = await import("./apply/carry-out.ts");
  return carryOut(host, work, options);
}

function seenIn(actual: ActualState): Seen {
  return {
    lastDuration: (instance) => lastDuration(actual, instance),
    inputsOf: (instance) => actual.prospects.get(instanceAddress(instance))?.inputs,
  };
}

/** What a new plan still has of an earlier one. */
function leftOf({ steps }: Plan, now: Plan): Plan {
  const names = new Set(steps.map(({ id }) => id));
  return restrictPlan(now, (id) => names.has(id));
}
