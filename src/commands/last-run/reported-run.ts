import type { DesiredState } from "../../desired-state/desired-state.ts";
import type { Diagnostic } from "../../desired-state/diagnostic.ts";
import type { Failure } from "../../dkms/failure.ts";
import type { Stopwatch } from "../../host/stopwatch.ts";
import type { PlanFilter } from "../../plan/resolve-wanted.ts";
import type { ReconcileOptions } from "../../reconcile.ts";

/** A run that is to be reported. */
export interface ReportedRun {
  readonly facts: ReconcileOptions["facts"];
  readonly engine: ReconcileOptions["engine"];
  readonly filter: PlanFilter;
  readonly watch: Stopwatch;
}

/** Why a run has not come to anything. */
export type RunRefusal =
  | { readonly failure: Failure; readonly desired: DesiredState | undefined }
  | { readonly diagnostics: readonly Diagnostic[] };
