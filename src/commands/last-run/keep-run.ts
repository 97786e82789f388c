import { createHash } from "node:crypto";
import path from "node:path";
import { compareLoaded } from "../../actual-state/compare-loaded.ts";
import { inspectInstalled, inspectionBasis } from "../../actual-state/inspect-installed.ts";
import type { Emit } from "../../apply/event.ts";
import { orWarn } from "../../apply/or-warn.ts";
import type { LastRunDocument } from "../../contract/last-run-schema.ts";
import type { DesiredState } from "../../desired-state/desired-state.ts";
import type { KnownObjects } from "../../dkms/known-objects.ts";
import { lastRunFile } from "../../dkms/state-layout.ts";
import type { Host } from "../../host/host.ts";
import { stoppedExitCode } from "../../host/stopped-exit-code.ts";
import { installedAmongWanted } from "../../plan/readiness.ts";
import { survey } from "../../plan/survey.ts";
import type { Reconciled } from "../../reconcile.ts";
import { diagnosticDocument, failureDiagnostic } from "../../report/diagnostic-document.ts";
import { outcomeMessage } from "../../report/event-message.ts";
import { metricsText } from "../../report/metrics-text.ts";
import { sentence } from "../../report/words.ts";
import { plainExitCode } from "../conclude.ts";
import { exitCodeOf, exitCodes } from "../exit-codes.ts";
import { hostFacts } from "../host-facts.ts";
import type { OpenedHost } from "../open-host.ts";
import { toolBuild } from "../tool-version.ts";
import { assembleLastRun, type EndedRun, type SeenByRun } from "./assemble-last-run.ts";
import { type EarlierRun, isStill, readEarlierRun, sealedText } from "./earlier-run.ts";
import type { ReportedRun, RunRefusal } from "./reported-run.ts";

export interface Concluded {
  readonly desired: DesiredState;
  readonly emit: Emit;
  readonly result: Reconciled;
  readonly objects: KnownObjects;
}

/** Keeps the report of a run that got the lock; under the lock. See run-report.ts. */
export async function keepConcluded(opened: OpenedHost, run: ReportedRun, concluded: Concluded): Promise<void> {
  const { result, emit } = concluded;
  const earlier = readEarlierRun(opened.host);
  const seen = await look(opened, run, { ...concluded, earlier: earlier.run });
  const { outcome, plan } = result;
  const failures = outcome?.steps.flatMap(({ failure }) => failure ?? []) ?? [];
  const errors = plan.diagnostics.filter(({ severity }) => severity === "error");
  const exitCode = plainExitCode(result);
  keep(opened, run, {
    status: statusOf(exitCode, outcome),
    exitCode,
    message: outcome ? outcomeMessage(outcome) : sentence(errors[0]?.message ?? "The plan was refused"),
    changed: outcome?.changed === true,
    desired: concluded.desired,
    problems: [...failures.map(failureDiagnostic), ...plan.diagnostics.map(diagnosticDocument)],
    seen,
    emit,
    earlier,
  });
}

/** Keeps the report of a run that did not come to look at the host. See run-report.ts. */
export function keepRefused(opened: OpenedHost, run: ReportedRun, refusal: RunRefusal): void {
  const nothing = { changed: false, seen: undefined, emit: () => {}, earlier: readEarlierRun(opened.host) };
  if ("failure" in refusal) {
    const { failure, desired } = refusal;
    const exitCode = exitCodeOf(failure);
    // Whoever mistyped something sees it, and it says nothing of the host.
    if (exitCode === exitCodes.usage.code) return;
    const status = failure.code === "E_CANCELLED" ? "interrupted" : statusOf(exitCode, undefined);
    const problems = [failureDiagnostic(failure)];
    keep(opened, run, { ...nothing, status, exitCode, message: failure.message, desired, problems });
    return;
  }
  const { diagnostics } = refusal;
  const first = diagnostics.find(({ severity }) => severity === "error");
  keep(opened, run, {
    ...nothing,
    status: "invalid",
    exitCode: exitCodes.invalid.code,
    message: sentence(first?.message ?? "The documents are invalid"),
    desired: undefined,
    problems: diagnostics.map(diagnosticDocument),
  });
}

function statusOf(exitCode: number, outcome: Reconciled["outcome"]): LastRunDocument["status"] {
  switch (exitCode) {
    case exitCodes.ok.code:
      return outcome?.changed ? "changed" : "unchanged";
    case exitCodes.blocked.code:
      return "blocked";
    case exitCodes.invalid.code:
      return "invalid";
    case exitCodes.locked.code:
      return "locked";
    case exitCodes.unfit.code:
      return "unfit";
    case exitCodes.stale.code:
      return "stale";
    case exitCodes.refused.code:
      return "refused";
    default:
      return outcome?.interrupted ? "interrupted" : "failed";
  }
}

interface Looked extends Concluded {
  readonly earlier: EarlierRun;
}

/**
 * Nothing is scanned again, and of the objects only what nobody has read before. Where all is as it was when an earlier run
 * has looked, which is how most runs end, it is not even told anew.
 */
async function look(opened: OpenedHost, run: ReportedRun, given: Looked): Promise<SeenByRun> {
  const { host, settings } = opened;
  const { desired, result, objects } = given;
  const { actual, now, plan } = result;
  const world = { desired, actual, filter: run.filter };
  const { signing } = settings;
  const isWhole = run.filter.modules.length === 0 && run.filter.kernel === undefined;
  const told = {
    isWhole,
    summary: now.summary,
    isAllDone: isWhole && now.changes.length === 0 && now.blocked.length === 0,
    basis: isWhole ? await basisOf(opened, given) : undefined,
  };
  if (told.basis !== undefined && told.basis === given.earlier.basis) return { ...told, survey: "unchanged" };
  const instances = installedAmongWanted(world);
  const inspected = await inspectInstalled(host, { instances, kernels: actual.kernels, signing, objects });
  const loaded = await compareLoaded(host, actual, objects);
  if (!host.signal.aborted) objects.save({ whole: isWhole });
  return { ...told, survey: survey(world, { before: plan, now, inspected, loaded }) };
}

/** A digest of all that a report of everything is made from. */
async function basisOf({ host, settings }: OpenedHost, { desired, result }: Concluded): Promise<string> {
  const { actual, now, plan } = result;
  const { kernels, modules, loaded, stillLoaded, runningKernel } = actual;
  const inspection = await inspectionBasis(host, { kernels, signing: settings.signing });
  const plans = [plan.changes, now.changes, now.blocked, now.notApplicable];
  const parts = [
    toolBuild,
    desired.sha256,
    runningKernel,
    kernels,
    modules,
    [...loaded],
    [...stillLoaded],
    plans,
    inspection,
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

type Ending = Pick<EndedRun, "status" | "exitCode" | "message" | "changed" | "desired" | "problems" | "seen"> & {
  readonly emit: Emit;
  readonly earlier: ReturnType<typeof readEarlierRun>;
};

function keep({ host, settings }: OpenedHost, run: ReportedRun, { emit, earlier, ...ending }: Ending): void {
  const { facts, filter, watch } = run;
  const { command, caller, toolVersion } = facts;
  const isStopped = host.signal.aborted && ending.exitCode !== exitCodes.ok.code;
  const exitCode = (isStopped ? stoppedExitCode(host.signal.reason) : undefined) ?? ending.exitCode;
  const times = { startedAt: watch.startedAt, endedAt: host.clock(), durationMs: watch.elapsedMs() };
  const more = { command, caller, toolVersion, filter, ...times, host: hostFacts(host) };
  let document: Report | undefined;
  orWarn(emit, "keep how the run ended", () => {
    document = writeReport(host, { ...ending, ...more, exitCode }, earlier);
  });
  const { metricsFile } = settings;
  if (metricsFile === undefined || !document) return;
  const text = metricsText(document);
  writeFigures(host, { file: path.join(host.root, metricsFile), text }, emit);
}

function writeFigures({ files }: Host, { file, text }: { readonly file: string; readonly text: string }, emit: Emit) {
  const doing = `write the figures for node_exporter to ${file}`;
  const directory = path.dirname(file);
  orWarn(emit, doing, () => {
    if (files.stat(directory) !== undefined) return files.writeAtomic(file, text);
    const message = `Cannot ${doing}: there is no directory ${directory}`;
    const hint = "Make it, or name another place as metrics_file in the settings";
    emit({
      type: "diagnostic",
      diagnostic: { severity: "warning", code: "W_NOT_KEPT", message, file: directory, hint },
    });
  });
}

/** Runs that hold no lock write too: what one of them has written meanwhile is taken up. */
function writeReport(host: Host, run: EndedRun, read: ReturnType<typeof readEarlierRun>): Report {
  let earlier = read;
  for (let tries = 1; ; tries += 1) {
    const document = assembleLastRun(run, earlier.run);
    const text = sealedText(document);
    if (tries === mostTries || isStill(host, earlier.text)) {
      host.files.makeDirectory(host.paths.state);
      host.files.writeAtomic(lastRunFile(host.paths), text);
      return document;
    }
    earlier = readEarlierRun(host);
  }
}

type Report = ReturnType<typeof assembleLastRun>;

const mostTries = 4;
