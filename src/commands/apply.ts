import type { Diagnostic } from "../desired-state/diagnostic.ts";
import { findCaller } from "../host/caller.ts";
import type { Host } from "../host/host.ts";
import { type EngineName, type Reconciled, reconcile } from "../reconcile.ts";
import { createReporter } from "./apply-reporter.ts";
import { unknownFilter } from "./check-filter.ts";
import type { Answer, Invocation } from "./command.ts";
import { invalidAnswer, loadFor } from "./documents.ts";
import { detailedApplyCodes, exitCodeOf, exitCodes } from "./exit-codes.ts";
import { filterOf, onHost } from "./on-host.ts";
import { type OpenedHost, policyOf } from "./open-host.ts";
import { plan } from "./plan.ts";
import { parseEngine, parseJobs } from "./shared-options.ts";
import { toolVersion } from "./tool-version.ts";
import { usageAnswer } from "./usage-answer.ts";

/** Makes the host what the documents ask for. */
export async function apply(invocation: Invocation): Promise<Answer> {
  const jobs = parseJobs(invocation.own.jobs);
  if (!jobs.ok) return usageAnswer(jobs.error);
  const engine = parseEngine(invocation.own.engine);
  if (!engine.ok) return usageAnswer(engine.error);
  if (invocation.own.dryRun === true) return plan(invocation);
  return onHost(invocation, (opened) => applyOn(opened, invocation, { jobs: jobs.value, engine: engine.value }));
}

interface ApplyRequest {
  readonly jobs: number | undefined;
  readonly engine: EngineName;
}

async function applyOn(opened: OpenedHost, invocation: Invocation, request: ApplyRequest): Promise<Answer> {
  const { host, settings, framework } = opened;
  const { options, own, signal } = invocation;
  const jobs = request.jobs ?? settings.jobs ?? framework.parallelJobs ?? host.machine.processors;
  const detailed = own.detailedExitcode === true;
  const loaded = loadFor(host, options);
  const { desired } = loaded;
  if (!desired) return refuse(invocation, host, { diagnostics: loaded.diagnostics, detailed });
  const unknown = unknownFilter(host, desired, options);
  if (unknown) return usageAnswer(unknown);
  const reporter = createReporter(invocation, host.clock);
  for (const diagnostic of loaded.diagnostics) reporter.emit({ type: "diagnostic", diagnostic });
  const stopped = () => reporter.stopping(String(signal.reason));
  signal.addEventListener("abort", stopped);
  try {
    const result = await reconcile(host, desired, {
      filter: filterOf(invocation),
      emit: reporter.emit,
      lockTimeoutMs: options.lockTimeoutMs ?? settings.lockTimeoutMs,
      jobs,
      buildTimeoutMs: settings.buildTimeoutMs,
      policy: policyOf(opened),
      engine: request.engine,
      failFast: own.failFast === true,
      facts: { caller: findCaller(), command: "apply", toolVersion },
    });
    if (result.ok) return conclude(result.value, detailed);
    reporter.failure(result.error);
    return { exitCode: detailed ? detailedApplyCodes.notAttempted.code : exitCodeOf(result.error) };
  } finally {
    signal.removeEventListener("abort", stopped);
    reporter.end();
  }
}

interface Refusal {
  readonly diagnostics: readonly Diagnostic[];
  readonly detailed: boolean;
}

function refuse(invocation: Invocation, { clock }: Host, { diagnostics, detailed }: Refusal): Answer {
  const exitCode = detailed ? detailedApplyCodes.notAttempted.code : exitCodes.invalid.code;
  if (!invocation.options.json) return { ...invalidAnswer(invocation, { desired: undefined, diagnostics }), exitCode };
  const { emit } = createReporter(invocation, clock);
  for (const diagnostic of diagnostics) emit({ type: "diagnostic", diagnostic });
  return { exitCode };
}

function conclude({ outcome }: Reconciled, detailed: boolean): Answer {
  if (!outcome) return { exitCode: detailed ? detailedApplyCodes.notAttempted.code : exitCodes.invalid.code };
  const { steps, interrupted, remaining, changed } = outcome;
  const failed = interrupted || steps.some(({ result }) => result === "failed") || remaining?.changes.length !== 0;
  const blocked = remaining !== undefined && remaining.blocked.length > 0;
  if (detailed) return { exitCode: detailedCode(changed, failed || blocked) };
  if (failed) return { exitCode: exitCodes.failed.code };
  return { exitCode: blocked ? exitCodes.blocked.code : exitCodes.ok.code };
}

function detailedCode(changed: boolean, bad: boolean): number {
  if (bad) return changed ? detailedApplyCodes.changedAndFailed.code : detailedApplyCodes.failed.code;
  return changed ? detailedApplyCodes.changed.code : detailedApplyCodes.unchanged.code;
}
