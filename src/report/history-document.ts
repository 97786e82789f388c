import type { Counts, JournalRun, JournalStep } from "../apply/journal-run.ts";
import type { HistoryDocument } from "../contract/history-schema.ts";
import type { SummaryDocument } from "../contract/parts.ts";
import { happened, type ToldHistory } from "./history-text.ts";
import { documentHead } from "./json.ts";
import { summaryDocument } from "./plan-document.ts";
import type { ToldRun } from "./told-run.ts";

/** The runs of a journal as other programs read them, the latest last. What a run did not write is null. */
export function historyDocument({ runs, next, nextTry }: ToldHistory, toolVersion: string): HistoryDocument {
  return { ...documentHead(toolVersion), runs: runs.map(runDocument), next: next ?? null, next_try: nextTry ?? null };
}

function runDocument(told: ToldRun) {
  const { run, ending } = told;
  return {
    run: run.id,
    ending,
    message: happened(told),
    signal: run.end?.signal ?? null,
    refusal: refusalDocument(run),
    started_at: run.startedAt,
    ended_at: run.end?.at ?? null,
    duration_ms: run.end ? Math.round(run.end.durationMs) : null,
    count: run.count,
    since: run.since,
    who: whoDocument(run),
    command: run.command ?? null,
    engine: run.engine ?? null,
    tool_version: run.toolVersion ?? null,
    filter: { modules: run.scope.modules, kernel: run.scope.kernel ?? null },
    plan_id: run.planId ?? null,
    desired: run.desired === undefined ? null : { sha256: run.desired },
    planned: countsDocument(run.planned),
    steps: run.steps.map(stepDocument),
    remaining: countsDocument(run.end?.remaining),
    left: {
      change: run.end?.left.change ?? null,
      blocked: run.end?.left.blocked ?? null,
      next_try: run.end?.left.nextTry ?? null,
    },
  };
}

function refusalDocument({ refused }: JournalRun) {
  return refused ? { code: refused.code, message: refused.message, exit_code: refused.exitCode ?? null } : null;
}

function whoDocument({ caller }: JournalRun) {
  if (!caller) return null;
  const { uid, user, login } = caller;
  return { uid, user: user ?? null, login: login ? { uid: login.uid, user: login.user ?? null } : null };
}

/** What an earlier version did not count is zero. */
function countsDocument(counts: Counts | undefined): SummaryDocument | null {
  if (!counts) return null;
  const { install = 0, rebuild = 0, build = 0, uninstall = 0, remove = 0, other = 0 } = counts;
  const { blocked = 0, notApplicable = 0, unchanged = 0 } = counts;
  return summaryDocument({ install, rebuild, build, uninstall, remove, other, blocked, notApplicable, unchanged });
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
