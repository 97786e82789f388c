import type { Failure } from "../dkms/failure.ts";
import type { Address } from "../dkms/id.ts";
import type { Plan } from "../plan/plan.ts";
import type { StepId, StepKind } from "../plan/step.ts";

/** How an apply ended. */
export interface Outcome {
  readonly steps: readonly StepResult[];
  /** At least one step changed something and was not taken back. */
  readonly changed: boolean;
  /** The run was asked to stop before it was through. */
  readonly interrupted: boolean;
  /** What a new scan and a new plan say after it all; `undefined` if that could not be told. */
  readonly remaining: Plan | undefined;
  readonly durationMs: number;
}

export interface StepResult {
  readonly id: StepId;
  readonly kind: StepKind;
  readonly address: Address;
  /** `undone`: it had succeeded, and was taken back because a later step of the same instance failed. */
  readonly result: "done" | "unchanged" | "failed" | "skipped" | "undone";
  readonly failure: Failure | undefined;
  readonly durationMs: number;
}
