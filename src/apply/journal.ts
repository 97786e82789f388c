import type { DesiredState } from "../desired-state/desired-state.ts";
import { journalFile } from "../dkms/tree-layout.ts";
import type { Caller } from "../host/caller.ts";
import type { Host } from "../host/host.ts";
import type { Plan } from "../plan/plan.ts";
import type { Step } from "../plan/step.ts";
import { compactJournal } from "./compact-journal.ts";
import type { Outcome, StepResult } from "./outcome.ts";

/**
 * The append-only record of what runs set out to do and what came of it: one JSON object a line, forced to the disk
 * before the next thing happens. After a crash the scan decides what to do; the journal explains what happened.
 */
export interface Journal {
  readonly start: (desired: DesiredState, plan: Plan) => void;
  readonly intent: (step: Step) => void;
  readonly result: (result: StepResult) => void;
  readonly end: (outcome: Omit<Outcome, "reboot">) => void;
}

/** What a run says about itself. */
export interface RunFacts {
  readonly caller: Caller;
  /** What was asked for, e.g. `apply`. */
  readonly command: string;
  readonly engine: string;
  readonly toolVersion: string;
  /** The plan_id of a saved plan that is applied. */
  readonly planId?: string | undefined;
}

/**
 * The journal of the DKMS tree, for one run that holds the lock. Older lines are compacted first where they have become
 * many (see {@link compactJournal}), in one moment; from then on the file only grows. Throws what the file system throws.
 */
export function openJournal(host: Host, { caller, command, engine, toolVersion, planId }: RunFacts): Journal {
  const file = journalFile(host.paths);
  const compacted = compactJournal(host.files.readText(file) ?? "");
  if (compacted !== undefined) host.files.writeAtomic(file, compacted, 0o600);
  const run = `${host.clock().toISOString()}/${process.pid}`;
  const by = {
    uid: caller.uid,
    user: caller.user,
    login: caller.login,
    command,
    engine,
    version: toolVersion,
    plan: planId,
  };
  let started = false;
  const write = (type: string, fields: Readonly<Record<string, unknown>>) =>
    host.files.append(file, `${JSON.stringify({ type, run, at: host.clock().toISOString(), ...fields })}\n`);
  return {
    start: (desired, plan) => {
      started = true;
      write("run_start", { desired: desired.sha256, summary: plan.summary, ...by });
    },
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
      const ended = { changed, interrupted, failed, remaining: remaining?.summary, durationMs };
      write("run_end", started ? ended : { ...ended, ...by });
    },
  };
}
