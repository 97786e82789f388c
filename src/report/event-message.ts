import type { ApplyEvent } from "../apply/event.ts";
import type { Outcome } from "../apply/outcome.ts";
import type { Change, PlanSummary } from "../plan/plan.ts";
import { actionWords } from "./plan-rows.ts";
import { summaryText } from "./plan-text.ts";
import { plainTerminal } from "./terminal.ts";
import { count, duration, sentence } from "./words.ts";

/** One line of plain text for each event, the same in the JSON stream and on a pipe. */
export function eventMessage(event: ApplyEvent): string {
  switch (event.type) {
    case "lock_wait":
      return `Waiting for another run to end (${event.holder})`;
    case "diagnostic":
      return sentence(event.diagnostic.message);
    case "planned_change":
      return plannedChange(event.change);
    case "change_summary":
      return changeSummary(event.summary);
    case "step_start":
      return `${event.kind} ${event.address}: started, since ${event.reason.text}`;
    case "step_output":
      return `${event.kind} ${event.address}: ${event.text}`;
    case "step_complete":
      return `${event.kind} ${event.address}: ${event.changed ? `done in ${duration(event.durationMs)}` : "was so already"}`;
    case "step_errored":
      return `${event.kind} ${event.address}: failed after ${duration(event.durationMs)}: ${event.failure.message}`;
    case "step_skipped":
      return `${event.kind} ${event.address}: skipped, since ${event.because}`;
    case "undo_start":
      return `${event.kind} ${event.address}: taking it back`;
    case "undo_complete":
      return `${event.kind} ${event.address}: ${event.failure ? event.failure.message : "taken back"}`;
    case "run_complete":
      return outcomeMessage(event.outcome);
  }
}

function plannedChange({ address, actions, before, reason }: Change): string {
  return `${address}: ${actionWords({ actions, before })}, since ${reason.text}`;
}

function changeSummary(summary: PlanSummary): string {
  return summaryText(summary, plainTerminal);
}

/** How the run ended, in one sentence. */
export function outcomeMessage(outcome: Outcome): string {
  const { steps, interrupted, remaining, durationMs } = outcome;
  const having = (...results: readonly string[]) => steps.filter(({ result }) => results.includes(result)).length;
  const blocked = remaining?.blocked.length ?? 0;
  if (steps.length === 0 && remaining && remaining.changes.length === 0) return changeSummary(remaining.summary);
  const parts = [
    `${count(having("done", "unchanged"), "step")} done`,
    ...told(having("failed"), "failed"),
    ...told(having("skipped"), "skipped"),
    ...told(having("undone"), "taken back"),
  ];
  const aside = [...told(blocked, "blocked"), ...missing(outcome)];
  const end = aside.length === 0 ? "" : `; ${aside.join(", ")}`;
  const verdict = interrupted ? "Stopped" : having("failed") > 0 ? "Failed" : "Applied";
  return `${verdict}: ${parts.join(", ")} in ${duration(durationMs)}${end}.`;
}

function told(number: number, what: string): readonly string[] {
  return number > 0 ? [`${number} ${what}`] : [];
}

function missing({ remaining, interrupted }: Outcome): readonly string[] {
  if (!remaining) return ["what is there now could not be told"];
  if (remaining.changes.length === 0) return remaining.blocked.length === 0 ? ["everything wanted is there now"] : [];
  const changes = `${count(remaining.changes.length, "change")} still to make`;
  return [interrupted ? `${changes}: run apply again` : changes];
}
