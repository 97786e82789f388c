import type { Failure } from "../dkms/failure.ts";
import type { Address } from "../dkms/id.ts";
import type { Level, Plan } from "../plan/plan.ts";
import type { RebootNeed } from "../plan/reboot-need.ts";
import type { StepId, StepKind } from "../plan/step.ts";

/** How an apply ended. */
export interface Outcome {
  readonly steps: readonly StepResult[];
  /** What became of each change of the plan. */
  readonly changes: readonly ChangeResult[];
  /** At least one step changed something and was not taken back. */
  readonly changed: boolean;
  /** The run was asked to stop before it was through. */
  readonly interrupted: boolean;
  /** What a new scan and a new plan say after it all; `undefined` if that could not be told. */
  readonly remaining: Plan | undefined;
  /** As it is after it all. */
  readonly reboot: RebootNeed;
  readonly durationMs: number;
}

/** The part that is known before the new look. */
export type Applied = Omit<Outcome, "remaining" | "reboot">;

export interface StepResult {
  readonly id: StepId;
  readonly kind: StepKind;
  readonly address: Address;
  /** `undone`: it had succeeded, and was taken back because a later step of the same instance failed. */
  readonly result: "done" | "unchanged" | "failed" | "skipped" | "undone";
  readonly failure: Failure | undefined;
  readonly durationMs: number;
}

export interface ChangeResult {
  readonly address: Address;
  readonly actions: readonly StepKind[];
  /** Where it stood, and where it was to go. */
  readonly before: Level;
  readonly after: Level;
  /** `skipped`, `undone`: nothing of the instance itself failed. */
  readonly result: StepResult["result"];
  readonly failure: Failure | undefined;
  /** Of all its steps, also of those that it shares with others. */
  readonly durationMs: number;
}
