import path from "node:path";
import type { EarlierPlan } from "../apply/admit-earlier.ts";
import type { EngineName } from "../apply/carry-out.ts";
import type { CompareOptions } from "../compare.ts";
import type { DesiredState } from "../desired-state/desired-state.ts";
import type { Diagnostic } from "../desired-state/diagnostic.ts";
import { keepDesired } from "../desired-state/known-desired.ts";
import type { Failure } from "../dkms/failure.ts";
import type { Host } from "../host/host.ts";
import { hasKeyboard } from "../host/keyboard.ts";
import { startStopwatch } from "../host/stopwatch.ts";
import { reconcile } from "../reconcile.ts";
import { type ApplyReporter, createReporter } from "./apply-reporter.ts";
import type { Answer, Invocation } from "./command.ts";
import { conclude } from "./conclude.ts";
import { invalidAnswer, loadFor } from "./documents.ts";
import { detailedApplyCodes, exitCodeOf, exitCodes } from "./exit-codes.ts";
import { filterOf, onHost } from "./on-host.ts";
import type { OpenedHost } from "./open-host.ts";
import type { PlanFile } from "./plan-file.ts";
import { runOptionsOf } from "./run-options.ts";
import { prepareReport, reportConcluded, reportRefused } from "./run-report.ts";
import { parseEngine, parseJobs, type SharedOptions } from "./shared-options.ts";
import { toolBuild } from "./tool-version.ts";
import { usageAnswer } from "./usage-answer.ts";
import type { UsageError } from "./usage-error.ts";

/** Makes the host what the documents ask for; with a saved plan, only what that one has. `command` goes into the journal. */
export async function apply(invocation: Invocation, command = "apply"): Promise<Answer> {
  const jobs = parseJobs(invocation.own.jobs);
  if (!jobs.ok) return usageAnswer(jobs.error);
  const engine = parseEngine(invocation.own.engine);
  if (!engine.ok) return usageAnswer(engine.error);
  const contradiction = contradictionOf(invocation);
  if (contradiction) return usageAnswer(contradiction);
  const deaf = deafness(invocation);
  if (deaf) return usageAnswer(deaf);
  if (invocation.own.dryRun === true) {
    const { plan } = await import("./plan.ts");
    return plan(invocation);
  }
  return onHost(invocation, (opened) =>
    applyOn(opened, invocation, { jobs: jobs.value, engine: engine.value, command }),
  );
}

/** What cannot be meant together. A saved plan says itself what it is about. */
function contradictionOf({ argument, options, own }: Invocation): UsageError | undefined {
  const hint = "Leave one of the two out.";
  if (own.failFast === true && own.keepGoing === true) {
    return { message: "--keep-going and --fail-fast contradict each other.", hint };
  }
  if (own.ask === true && own.dryRun === true) {
    return { message: "--ask asks before something is done, and --dry-run does nothing.", hint };
  }
  if (argument === undefined) return undefined;
  if (own.dryRun === true) {
    return {
      message: "--dry-run makes a new plan, and a saved one is given.",
      hint: `To see it: dkms-agent show ${argument}`,
    };
  }
  if (options.modules.length > 0) return { message: "--module cannot narrow a plan that was made already.", hint };
  return options.kernel === undefined
    ? undefined
    : { message: "--kernel cannot narrow a plan that was made already.", hint };
}

/** Why nobody can be asked. Silence is no yes. */
function deafness({ own, io }: Invocation): UsageError | undefined {
  if (own.ask !== true || (hasKeyboard() && io.err.terminal.isTerminal)) return undefined;
  return {
    message: "--ask needs a terminal, so that somebody can see the plan and answer.",
    hint: "Leave it out; or look at a plan first: dkms-agent plan --out FILE, then dkms-agent apply FILE.",
  };
}

interface ApplyRequest {
  readonly jobs: number | undefined;
  readonly engine: EngineName;
  readonly command: string;
}

async function applyOn(opened: OpenedHost, invocation: Invocation, request: ApplyRequest): Promise<Answer> {
  const { host } = opened;
  const { options, own, argument, signal } = invocation;
  const detailed = own.detailedExitcode === true;
  const reported = {
    ...runOptions(opened, invocation, request),
    filter: filterOf(invocation),
    watch: startStopwatch(host),
  };
  const file = argument === undefined ? undefined : await readPlanFile(host, argument, options);
  if (file && !file.ok) {
    await reportRefused(opened, reported, { failure: file.error, desired: undefined });
    return failed(createReporter(invocation, host.clock), file.error, detailed);
  }
  const loaded = await loadFor(host, { ...options, desired: desiredPaths(options, file?.value) });
  const { desired } = loaded;
  const unknown = desired && (await unknownIn(host, desired, options));
  if (unknown) return usageAnswer(unknown);
  const reporter = createReporter(
    invocation,
    host.clock,
    options.quiet && !options.json ? await toldBlocked(host) : undefined,
  );
  if (!desired) {
    await reportRefused(opened, reported, loaded);
    return refuse(invocation, reporter, { diagnostics: loaded.diagnostics, detailed });
  }
  for (const diagnostic of loaded.diagnostics) reporter.emit({ type: "diagnostic", diagnostic });
  const stopped = () => reporter.stopping(String(signal.reason));
  signal.addEventListener("abort", stopped);
  try {
    const saved = file && argument !== undefined ? { plan: file.value.saved, origin: argument } : undefined;
    const filter = saved?.plan.filter ?? filterOf(invocation);
    const run = { ...reported, filter };
    const scope = { filter, archives: run.archives, signing: run.policy.signing };
    const seen =
      own.ask === true ? await ask(host, invocation, { desired, scope, saved, file: file?.value }) : undefined;
    if (seen && !seen.ok) return failed(reporter, seen.error, detailed);
    const earlier = seen?.value ?? saved;
    const keep = loaded.diagnostics.length === 0 ? () => keepDesired(host, desired, toolBuild) : undefined;
    const { emit } = reporter;
    const report = reportConcluded(opened, run, { desired, emit });
    const result = await reconcile(host, desired, { ...run, emit, earlier, keep, prepare: prepareReport, report });
    if (result.ok) return conclude(result.value, detailed);
    await reportRefused(opened, run, { failure: result.error, desired });
    return failed(reporter, result.error, detailed);
  } finally {
    signal.removeEventListener("abort", stopped);
    reporter.end();
  }
}

/** Only who names something waits for what it takes to look whether it is there. */
async function unknownIn(host: Host, desired: DesiredState, options: SharedOptions): Promise<UsageError | undefined> {
  if (options.modules.length === 0 && options.kernel === undefined) return undefined;
  const { unknownFilter } = await import("./check-filter.ts");
  return unknownFilter(host, desired, options);
}

/** What the last report has as blocked: whoever reads what `--quiet` prints has read that too. */
async function toldBlocked(host: Host): Promise<ReadonlyMap<string, string>> {
  const { readEarlierRun } = await import("./last-run/earlier-run.ts");
  const { instances } = readEarlierRun(host).run;
  return new Map(instances.flatMap(({ address, blocked }) => (blocked === null ? [] : [[address, blocked] as const])));
}

interface Asked {
  readonly desired: DesiredState;
  readonly scope: CompareOptions;
  readonly saved: EarlierPlan | undefined;
  readonly file: PlanFile | undefined;
}

/** Only who is asked waits for what it takes to ask. */
async function ask(host: Host, invocation: Invocation, { desired, scope, saved, file }: Asked) {
  const [{ askFirst }, { planOfDocument }] = await Promise.all([
    import("./ask-first.ts"),
    import("../report/shown-plan.ts"),
  ]);
  const earlier = saved && file ? { ...saved, shown: planOfDocument(file.document) } : undefined;
  return askFirst(host, invocation, { desired, compare: scope, earlier });
}

/** Only who applies a saved plan waits for what it takes to read one. */
async function readPlanFile(host: Host, argument: string, { allowInsecureFiles }: SharedOptions) {
  const { insecurePlanFile, loadPlanFile } = await import("./plan-file.ts");
  const place = path.resolve(argument);
  const insecure = allowInsecureFiles ? undefined : insecurePlanFile(host, place);
  return insecure ? { ok: false as const, error: insecure } : loadPlanFile(host, place);
}

/** The documents that the plan was made from, unless others are named: if they differ, the plan is stale. */
function desiredPaths({ desired, desiredGiven }: SharedOptions, file: PlanFile | undefined): readonly string[] {
  return desiredGiven ? desired : (file?.document.desired.paths ?? desired);
}

function runOptions(opened: OpenedHost, { options, own, argument }: Invocation, request: ApplyRequest) {
  const { jobs, engine, command } = request;
  const usual = runOptionsOf(opened, options);
  return {
    ...usual,
    lockTimeoutMs: options.lockTimeoutMs ?? usual.lockTimeoutMs,
    jobs: jobs ?? usual.jobs,
    jobsAsked: jobs !== undefined || usual.jobsAsked,
    engine,
    failFast: own.failFast === true,
    facts: { ...usual.facts, command: argument === undefined ? command : `${command} PLANFILE` },
  };
}

function failed(reporter: ApplyReporter, failure: Failure, detailed: boolean): Answer {
  reporter.failure(failure);
  return { exitCode: detailed ? detailedApplyCodes.notAttempted.code : exitCodeOf(failure) };
}

interface Refusal {
  readonly diagnostics: readonly Diagnostic[];
  readonly detailed: boolean;
}

function refuse(invocation: Invocation, reporter: ApplyReporter, { diagnostics, detailed }: Refusal): Answer {
  const exitCode = detailed ? detailedApplyCodes.notAttempted.code : exitCodes.invalid.code;
  if (!invocation.options.json) return { ...invalidAnswer(invocation, { desired: undefined, diagnostics }), exitCode };
  for (const diagnostic of diagnostics) reporter.emit({ type: "diagnostic", diagnostic });
  return { exitCode };
}
