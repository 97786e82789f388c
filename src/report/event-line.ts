import type { ApplyEvent, StepPlace } from "../apply/event.ts";
import type { ChangeResult, Outcome, StepResult } from "../apply/outcome.ts";
import type { EventDocument } from "../contract/event-schema.ts";
import type { DiagnosticDocument } from "../contract/parts.ts";
import type { Failure } from "../dkms/failure.ts";
import { diagnosticDocument, failureDiagnostic } from "./diagnostic-document.ts";
import { eventMessage } from "./event-message.ts";
import { documentHead } from "./json.ts";
import { blockedDocument, changeDocument, notApplicableDocument, summaryDocument } from "./plan-document.ts";

/** What an event says beside the level, the message and the time that each has. */
type EventBody = {
  [Type in EventDocument["type"]]: Omit<Extract<EventDocument, { type: Type }>, "@level" | "@message" | "@timestamp">;
}[EventDocument["type"]];

export interface Line {
  readonly level: EventDocument["@level"];
  readonly message: string;
  readonly body: EventBody;
}

/** The first line of the stream. */
export function versionLine(toolVersion: string, at: Date): string {
  const body: EventBody = { type: "version", ...documentHead(toolVersion) };
  return jsonLine({ level: "info", message: `dkms-agent ${toolVersion}`, body }, at);
}

/** Why nothing could be attempted at all. */
export function failureLine(failure: Failure, at: Date): string {
  return problemLine(failureDiagnostic(failure), at);
}

/** Why there is no result, one event for each problem. */
export function problemLines(problems: readonly DiagnosticDocument[], at: Date): string {
  return problems.map((problem) => problemLine(problem, at)).join("");
}

function problemLine(diagnostic: DiagnosticDocument, at: Date): string {
  const level = diagnostic.severity === "error" ? "error" : "warn";
  return jsonLine({ level, message: diagnostic.message, body: { type: "diagnostic", diagnostic } }, at);
}

/** One event as one line of JSON, newline included. */
export function eventLine(event: ApplyEvent, at: Date): string {
  if (event.type === "diagnostic") return problemLine(diagnosticDocument(event.diagnostic), at);
  return jsonLine({ level: levelOf(event), message: eventMessage(event), body: eventBody(event) }, at);
}

/** What every line has, in front of what it alone has. */
export function jsonLine({ level, message, body }: Line, at: Date): string {
  const { type, ...fields } = body;
  const head = { "@level": level, "@message": message, "@timestamp": at.toISOString(), type };
  return `${JSON.stringify({ ...head, ...fields })}\n`;
}

function levelOf(event: ApplyEvent): EventDocument["@level"] {
  if (event.type === "step_errored") return "error";
  if (event.type === "undo_complete" && event.failure) return "error";
  if (event.type === "run_complete") return hasFailed(event.outcome) ? "error" : "info";
  return event.type === "step_output" || event.type === "step_skipped" ? "warn" : "info";
}

function hasFailed({ steps, interrupted }: Outcome): boolean {
  return interrupted || steps.some(({ result }) => result === "failed");
}

function eventBody(event: Exclude<ApplyEvent, { type: "diagnostic" }>): EventBody {
  const { type } = event;
  switch (type) {
    case "lock_wait":
      return { type, holder: event.holder };
    case "planned_change":
      return { type, change: changeDocument(event.change) };
    case "change_summary":
      return { type, summary: summaryDocument(event.summary) };
    case "step_start":
      return { type, step: stepPlace(event), reason: event.reason };
    case "step_output":
      return { type, step: stepPlace(event), text: event.text };
    case "step_complete":
      return { type, step: stepPlace(event), changed: event.changed, duration_ms: Math.round(event.durationMs) };
    case "step_errored":
      return {
        type,
        step: stepPlace(event),
        duration_ms: Math.round(event.durationMs),
        failure: failureDocument(event.failure),
      };
    case "step_skipped":
      return { type, step: stepPlace(event), because: event.because };
    case "undo_start":
      return { type, step: stepPlace(event) };
    case "undo_complete":
      return { type, step: stepPlace(event), failure: event.failure ? failureDocument(event.failure) : null };
    case "run_complete":
      return { type, ...outcomeDocument(event.outcome) };
  }
}

function stepPlace({ id, kind, address }: StepPlace) {
  return { id, kind, address };
}

function failureDocument({ code, message, path, remedy, log }: Failure) {
  return { code, message, path: path ?? null, remedy: remedy ?? null, log: log ?? null };
}

function outcomeDocument({
  steps,
  changes,
  changed,
  interrupted,
  remaining,
  reboot,
  durationMs,
}: Outcome): Omit<Extract<EventBody, { type: "run_complete" }>, "type"> {
  return {
    changed,
    interrupted,
    duration_ms: Math.round(durationMs),
    changes: changes.map(changeResultDocument),
    steps: steps.map(stepResultDocument),
    remaining: remaining
      ? {
          changes: remaining.changes.map(changeDocument),
          blocked: remaining.blocked.map(blockedDocument),
          not_applicable: remaining.notApplicable.map(notApplicableDocument),
          unlisted: remaining.unlisted,
          summary: summaryDocument(remaining.summary),
        }
      : null,
    reboot_required: reboot.required,
    reboot_reasons: reboot.reasons,
  };
}

function changeResultDocument({ address, before, after, result, failure, durationMs }: ChangeResult) {
  const code = failure?.code ?? null;
  return { address, before, after, result, failure_code: code, duration_ms: Math.round(durationMs) };
}

function stepResultDocument({ id, kind, address, result, failure, durationMs }: StepResult) {
  const code = failure?.code ?? null;
  return { id, kind, address, result, failure_code: code, duration_ms: Math.round(durationMs) };
}
