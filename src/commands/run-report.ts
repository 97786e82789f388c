import type { Emit } from "../apply/event.ts";
import type { DesiredState } from "../desired-state/desired-state.ts";
import type { Diagnostic } from "../desired-state/diagnostic.ts";
import { lastRunFile } from "../dkms/state-layout.ts";
import type { ReconcileOptions } from "../reconcile.ts";
import type { ReportedRun, RunRefusal } from "./last-run/reported-run.ts";
import { failureRefusal, noteRefusal, problemsRefusal } from "./note-refusal.ts";
import type { OpenedHost } from "./open-host.ts";

/**
 * The report that is kept of a run that got the lock, for `ReconcileOptions.report`; and if its own plan forbade it, a
 * line in the history. What it takes is loaded only then; what cannot be kept is a warning.
 */
export function reportConcluded(
  opened: OpenedHost,
  run: ReportedRun,
  { desired, emit }: { readonly desired: DesiredState; readonly emit: Emit },
): NonNullable<ReconcileOptions["report"]> {
  return async (result, objects) => {
    try {
      if (!result.outcome) noteRefusal(opened.host, factsOf(run), problemsRefusal(result.plan.diagnostics));
      const { keepConcluded } = await import("./last-run/keep-run.ts");
      await keepConcluded(opened, run, { desired, emit, result, objects });
    } catch (error) {
      emit({ type: "diagnostic", diagnostic: unreported(error, opened) });
    }
  };
}

/** Loads what the report of a run takes; what cannot be loaded is told when it is needed. */
export function prepareReport(): void {
  void import("./last-run/keep-run.ts").catch(() => {});
}

/**
 * What has been done is done: nothing that is wrong with its report may make a failure of it, be it that this program was
 * replaced by another version meanwhile, and what it takes is not there any more.
 */
function unreported(error: unknown, { host }: OpenedHost): Diagnostic {
  const message = `Cannot tell how the run ended: ${error instanceof Error ? error.message : String(error)}`;
  return { severity: "warning", code: "W_NOT_KEPT", message, file: lastRunFile(host.paths) };
}

/**
 * Keeps the report of a run that did not get the lock, or was refused before it looked at the host: what earlier runs have
 * seen stays; and leaves a line in the history. Where that cannot be kept nobody is told: the run has said already what is
 * wrong.
 */
export async function reportRefused(opened: OpenedHost, run: ReportedRun, refusal: RunRefusal): Promise<void> {
  try {
    const noted = "failure" in refusal ? failureRefusal(refusal.failure) : problemsRefusal(refusal.diagnostics);
    noteRefusal(opened.host, factsOf(run), noted);
    const { keepRefused } = await import("./last-run/keep-run.ts");
    keepRefused(opened, run, refusal);
  } catch {
    // The run has said already what is wrong, and its exit code must tell that.
  }
}

function factsOf({ facts, engine, filter }: ReportedRun) {
  return { ...facts, engine, filter };
}
