import type { Diagnostic } from "../desired-state/diagnostic.ts";
import type { Failure } from "../dkms/failure.ts";
import type { Address } from "../dkms/id.ts";
import type { Change, PlanSummary } from "../plan/plan.ts";
import type { Reason, StepId, StepKind } from "../plan/step.ts";
import type { Outcome } from "./outcome.ts";

/** What happens during an apply, as it happens. Reporters turn events into text or JSON; nothing else prints. */
export type ApplyEvent =
  /** Another run holds the lock; said once, before waiting. */
  | { readonly type: "lock_wait"; readonly holder: string }
  /** A problem of the documents, or one that only shows against this host. */
  | { readonly type: "diagnostic"; readonly diagnostic: Diagnostic }
  | { readonly type: "planned_change"; readonly change: Change }
  | { readonly type: "change_summary"; readonly summary: PlanSummary }
  | ({ readonly type: "step_start"; readonly reason: Reason } & StepPlace)
  /** Something that a step wants to tell, while it went on. */
  | ({ readonly type: "step_output"; readonly text: string } & StepPlace)
  | ({ readonly type: "step_complete"; readonly changed: boolean; readonly durationMs: number } & StepPlace)
  | ({ readonly type: "step_errored"; readonly failure: Failure; readonly durationMs: number } & StepPlace)
  /**
   * Not done, because a step that it depends on failed, or because the run is ending. A build that has waited for a job
   * slot was started and has done nothing.
   */
  | ({ readonly type: "step_skipped"; readonly because: string } & StepPlace)
  | ({ readonly type: "undo_start" } & StepPlace)
  | ({ readonly type: "undo_complete"; readonly failure: Failure | undefined } & StepPlace)
  | { readonly type: "run_complete"; readonly outcome: Outcome };

export interface StepPlace {
  readonly id: StepId;
  readonly kind: StepKind;
  readonly address: Address;
}

/** Takes events; never throws. */
export type Emit = (event: ApplyEvent) => void;
