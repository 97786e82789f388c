import type { Counts, JournalRun, JournalStep } from "../apply/journal-runs.ts";
import { happened, nextText, type ToldRun } from "./history-text.ts";
import { documentHead } from "./json.ts";

/** The runs of a journal as other programs read them, the latest last. What a run did not write is null. */
export function historyDocument(told: readonly ToldRun[], toolVersion: string) {
  const last = told.at(-1);
  return {
    ...documentHead(toolVersion),
    runs: told.map(runDocument),
    next: last ? nextText(last) : null,
  };
}

function runDocument(told: ToldRun) {
  const { run, ending } = told;
  return {
    run: run.id,
    ending,
    message: happened(told),
    started_at: run.startedAt,
    ended_at: run.end?.at ?? null,
    duration_ms: run.end ? Math.round(run.end.durationMs) : null,
    /** How many runs with nothing to do, one after the other, this one stands for, and when the first of them ran. */
    count: run.count,
    since: run.since,
    who: whoDocument(run),
    command: run.command ?? null,
    engine: run.engine ?? null,
    tool_version: run.toolVersion ?? null,
    desired: run.desired === undefined ? null : { sha256: run.desired },
    planned: countsDocument(run.planned),
    steps: run.steps.map(stepDocument),
    remaining: countsDocument(run.end?.remaining),
  };
}

function whoDocument({ caller }: JournalRun) {
  if (!caller) return null;
  const { uid, user, login } = caller;
  return { uid, user: user ?? null, login: login ? { uid: login.uid, user: login.user ?? null } : null };
}

/** Named as in a plan's summary. */
function countsDocument(counts: Counts | undefined) {
  if (!counts) return null;
  const { notApplicable, ...others } = counts;
  return { ...others, not_applicable: notApplicable ?? 0 };
}

/** `result` is null for a step that was begun and of which nobody wrote what became of it. */
function stepDocument({ id, reason, startedAt, result }: JournalStep) {
  return {
    id,
    reason: reason ?? null,
    started_at: startedAt,
    result: result?.result ?? null,
    code: result?.code ?? null,
    message: result?.message ?? null,
    duration_ms: result ? Math.round(result.durationMs) : null,
  };
}
