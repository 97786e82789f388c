import type { DesiredState } from "../desired-state/desired-state.ts";
import { journalFile } from "../dkms/tree-layout.ts";
import type { Host } from "../host/host.ts";
import type { Plan } from "../plan/plan.ts";
import type { Step } from "../plan/step.ts";
import type { Outcome, StepResult } from "./outcome.ts";

/**
 * The append-only record of what runs set out to do and what came of it: one JSON object a line, forced to the disk
 * before the next thing happens. After a crash the scan decides what to do; the journal explains what happened.
 */
export interface Journal {
  readonly start: (desired: DesiredState, plan: Plan) => void;
  readonly intent: (step: Step) => void;
  readonly result: (result: StepResult) => void;
  readonly end: (outcome: Outcome) => void;
}

/** The journal of the DKMS tree, for one run. Throws what the file system throws. */
export function openJournal(host: Host): Journal {
  const file = journalFile(host.paths);
  const run = `${host.clock().toISOString()}/${process.pid}`;
  const write = (type: string, fields: Readonly<Record<string, unknown>>) =>
    host.files.append(file, `${JSON.stringify({ type, run, at: host.clock().toISOString(), ...fields })}\n`);
  return {
    start: (desired, plan) =>
      write("run_start", { desired: desired.sha256, summary: plan.summary, uid: host.machine.uid }),
    intent: ({ id, reason }) => write("step_intent", { id, reason: reason.code }),
    result: ({ id, result, failure, durationMs }) =>
      write("step_result", {
        id,
        result,
        ...(failure && { code: failure.code, message: failure.message }),
        durationMs,
      }),
    end: ({ changed, interrupted, steps, remaining, durationMs }) => {
      const failed = steps.filter(({ result }) => result === "failed").length;
      write("run_end", { changed, interrupted, failed, remaining: remaining?.summary, durationMs });
    },
  };
}
