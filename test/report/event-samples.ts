import type { ApplyEvent } from "../../src/apply/event.ts";
import type { Outcome, StepResult } from "../../src/apply/outcome.ts";
import { fail } from "../../src/dkms/failure.ts";
import { instanceAddress } from "../../src/dkms/id.ts";
import { assemblePlan } from "../../src/plan/assemble-plan.ts";
import type { Plan } from "../../src/plan/plan.ts";
import type { RebootNeed } from "../../src/plan/reboot-need.ts";
import { actualState, desiredState } from "../rig/world.ts";

const address = instanceAddress({
  module: { name: "evdi", version: "1.14.1" },
  kernel: { release: "K1", arch: "x86_64" },
});
const place = { id: `build:${address}`, kind: "build", address } as const;
export const failure = fail("E_MAKE", "make failed", { log: { path: "/make.log", tail: ["no"] } }).error;

/** evdi is to be installed. */
export const plan: Plan = assemblePlan(
  desiredState({ "evdi/1.14.1": {} }),
  actualState({ sources: { "evdi/1.14.1": { inTree: "s" } } }),
);

/** evdi is as it should be. */
export const donePlan: Plan = assemblePlan(
  desiredState({ "evdi/1.14.1": {} }),
  actualState({ modules: { "evdi/1.14.1": { instances: { K1: { level: "installed" } } } } }),
);

/** jool has no source. */
export const blockedPlan: Plan = assemblePlan(
  desiredState({ "jool/4.1.9": {} }),
  actualState({ sources: { "jool/4.1.9": {} } }),
);

const noReboot: RebootNeed = { required: false, reasons: [] };

export function stepResult(result: StepResult["result"]): StepResult {
  return { ...place, result, failure: result === "failed" ? failure : undefined, durationMs: 1234 };
}

export function outcome(more: Partial<Outcome> = {}): Outcome {
  return {
    steps: [],
    changes: [],
    changed: false,
    interrupted: false,
    remaining: donePlan,
    reboot: noReboot,
    durationMs: 1234,
    ...more,
  };
}

const [change] = plan.changes;
if (!change) throw new Error("the plan has a change");

/** One of each kind. */
export const events = {
  lock_wait: { type: "lock_wait", holder: "process 7" },
  diagnostic: {
    type: "diagnostic",
    diagnostic: { severity: "warning", code: "W_YAML", message: "Hm", file: "/a.yaml" },
  },
  planned_change: { type: "planned_change", change },
  change_summary: { type: "change_summary", summary: plan.summary },
  step_start: { type: "step_start", ...place, reason: change.reason },
  step_output: { type: "step_output", ...place, text: "CLEAN is deprecated" },
  step_complete: { type: "step_complete", ...place, changed: true, durationMs: 1234 },
  step_errored: { type: "step_errored", ...place, failure, durationMs: 1234 },
  step_skipped: { type: "step_skipped", ...place, because: "add:evdi/1.14.1 failed" },
  undo_start: { type: "undo_start", ...place },
  undo_complete: { type: "undo_complete", ...place, failure: undefined },
  run_complete: { type: "run_complete", outcome: outcome({ steps: [stepResult("done")], changed: true }) },
} as const satisfies { readonly [Type in ApplyEvent["type"]]: Extract<ApplyEvent, { type: Type }> };
