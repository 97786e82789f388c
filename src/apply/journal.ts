import type { DesiredState } from "../desired-state/desired-state.ts";
import type { Failure } from "../dkms/failure.ts";
import { journalFile } from "../dkms/state-layout.ts";
import type { Host } from "../host/host.ts";
import { startStopwatch } from "../host/stopwatch.ts";
import type { Plan } from "../plan/plan.ts";
import type { Step } from "../plan/step.ts";
import { compactJournal } from "./compact-journal.ts";
import { commandEnd, commandStart } from "./journal-runs.ts";
import type { Outcome, StepResult } from "./outcome.ts";
import { takeInRefusedRuns } from "./refused-runs.ts";
import { type CommandFacts, callerFields, type RunFacts, scopeFields } from "./run-facts.ts";

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

/**
 * The journal of the DKMS tree, for one run that holds the lock, without which nobody writes to it. Older lines are
 * compacted first where they have become many (see {@link compactJournal}), in one moment, and what was refused since is
 * taken in; from then on the file only grows. Throws what the file system throws.
 */
export function openJournal(host: Host, facts: RunFacts): Journal {
  const write = startLines(host, host.clock());
  const { engine, planId: plan, filter } = facts;
  const by = { ...callerFields(facts), engine, plan, ...scopeFields(filter) };
  let started = false;
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
      const left = { remaining: remaining?.summary, left: remaining && leftIn(remaining) };
      const ended = { changed, interrupted, signal: signalOf(host), failed, ...left, durationMs };
      write("run_end", started ? ended : { ...ended, ...by });
    },
  };
}

/** Of what is left to do, and of what is blocked, the first; and when the first of what failed before is tried again. */
function leftIn({ changes: [change], blocked }: Plan): Readonly<Record<string, unknown>> | undefined {
  const [block] = blocked;
  if (!change && !block) return undefined;
  const times = blocked.flatMap(({ nextTry }) => nextTry?.toISOString() ?? []).sort();
  return {
    change: change && { address: change.address, reason: change.reason.code },
    blocked: block && { address: block.address, reason: block.reason },
    nextTry: times[0],
  };
}

/** The record of a command that changes a tree without documents and plan: a verb of the dkms command, for example. */
export interface CommandJournal {
  /** That it begins, so that a kill is seen; named as a step. */
  readonly start: (id: string) => void;
  /** The one line that tells it all when it is done. */
  readonly end: (steps: readonly DoneStep[]) => void;
}

/** What it changed, or failed at. */
export interface DoneStep {
  /** As of a plan's step: what was done, a colon, and to what. */
  readonly id: string;
  readonly startedAt: Date;
  readonly result: "done" | "failed" | "undone";
  readonly failure?: Failure;
  /** The archive that it came from. */
  readonly source?: string;
  readonly durationMs: number;
}

/** As {@link openJournal} for such a command. Under the lock; both of its functions throw what the file system throws. */
export function openCommandJournal(host: Host, facts: CommandFacts): CommandJournal {
  const { startedAt, elapsedMs } = startStopwatch(host);
  let append: WriteLine | undefined;
  const write: WriteLine = (type, fields) => {
    append ??= startLines(host, startedAt);
    append(type, { ...callerFields(facts), ...fields });
  };
  return {
    start: (id) => write(commandStart, { id }),
    end: (steps) =>
      write(commandEnd, {
        ...{ interrupted: host.signal.aborted, signal: signalOf(host), startedAt },
        durationMs: elapsedMs(),
        steps: steps.map(({ id, startedAt: at, result, failure, source, durationMs }) => {
          const message = failure?.message ?? (source === undefined ? undefined : `from ${source}`);
          return { id, at, result, code: failure?.code, message, durationMs };
        }),
      }),
  };
}

type WriteLine = (type: string, fields: Readonly<Record<string, unknown>>) => void;

function startLines(host: Host, startedAt: Date): WriteLine {
  const file = journalFile(host.paths);
  const compacted = compactJournal(host.files.readText(file) ?? "");
  if (compacted !== undefined) host.files.writeAtomic(file, compacted, 0o600);
  takeInRefusedRuns(host);
  const run = `${startedAt.toISOString()}/${process.pid}`;
  return (type, fields) =>
    host.files.append(file, `${JSON.stringify({ type, run, at: host.clock().toISOString(), ...fields })}\n`);
}

/** Which one has asked the run to stop. */
function signalOf({ signal }: Host): string | undefined {
  const reason: unknown = signal.reason;
  return typeof reason === "string" && reason.startsWith("SIG") ? reason : undefined;
}
