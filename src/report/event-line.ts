import type { ApplyEvent, StepPlace } from "../apply/event.ts";
import type { Outcome, StepResult } from "../apply/outcome.ts";
import type { Failure } from "../dkms/failure.ts";
import { type DiagnosticDocument, diagnosticDocument, failureDiagnostic } from "./diagnostic-document.ts";
import { eventMessage } from "./event-message.ts";
import { documentHead } from "./json.ts";
import { blockedDocument, changeDocument, notApplicableDocument, summaryDocument } from "./plan-document.ts";

interface Line {
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  readonly type: string;
}

/** The first line of the stream. */
export function versionLine(toolVersion: string, at: Date): string {
  return jsonLine(
    { level: "info", message: `dkms-agent ${toolVersion}`, type: "version" },
    at,
    documentHead(toolVersion),
  );
}

/** Why nothing could be attempted at all. */
export function failureLine(failure: Failure, at: Date): string {
  return problemLine(failureDiagnostic(failure), at);
}

function problemLine(diagnostic: DiagnosticDocument, at: Date): string {
  const level = diagnostic.severity === "error" ? "error" : "warn";
  return jsonLine({ level, message: diagnostic.message, type: "diagnostic" }, at, { diagnostic });
}

/** One event as one line of JSON, newline included. */
export function eventLine(event: ApplyEvent, at: Date): string {
  if (event.type === "diagnostic") return problemLine(diagnosticDocument(event.diagnostic), at);
  return jsonLine({ level: levelOf(event), message: eventMessage(event), type: event.type }, at, eventFields(event));
}

function jsonLine({ level, message, type }: Line, at: Date, fields: object): string {
  const head = { "@level": level, "@message": message, "@timestamp": at.toISOString(), type };
  return `${JSON.stringify({ ...head, ...fields })}\n`;
}

function levelOf(event: ApplyEvent): Line["level"] {
  if (event.type === "step_errored") return "error";
  if (event.type === "undo_complete" && event.failure) return "error";
  if (event.type === "run_complete") return hasFailed(event.outcome) ? "error" : "info";
  return event.type === "step_output" || event.type === "step_skipped" ? "warn" : "info";
}

function hasFailed({ steps, interrupted }: Outcome): boolean {
  return interrupted || steps.some(({ result }) => result === "failed");
}

function eventFields(event: Exclude<ApplyEvent, { type: "diagnostic" }>): object {
  switch (event.type) {
    case "lock_wait":
      return { holder: event.holder };
    case "planned_change":
      return { change: changeDocument(event.change) };
    case "change_summary":
      return { summary: summaryDocument(event.summary) };
    case "step_start":
      return { step: stepPlace(event), reason: event.reason };
    case "step_output":
      return { step: stepPlace(event), text: event.text };
    case "step_complete":
      return { step: stepPlace(event), changed: event.changed, duration_ms: Math.round(event.durationMs) };
    case "step_errored":
      return {
        step: stepPlace(event),
        duration_ms: Math.round(event.durationMs),
        failure: failureDocument(event.failure),
      };
    case "step_skipped":
      return { step: stepPlace(event), because: event.because };
    case "undo_start":
      return { step: stepPlace(event) };
    case "undo_complete":
      return { step: stepPlace(event), failure: event.failure ? failureDocument(event.failure) : null };
    case "run_complete":
      return outcomeDocument(event.outcome);
  }
}

function stepPlace({ id, kind, address }: StepPlace) {
  return { id, kind, address };
}

function failureDocument({ code, message, path, remedy, log }: Failure) {
  return { code, message, path: path ?? null, remedy: remedy ?? null, log: log ?? null };
}

function outcomeDocument({ steps, changed, interrupted, remaining, durationMs }: Outcome) {
  return {
    changed,
    interrupted,
    duration_ms: Math.round(durationMs),
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
  };
}

function stepResultDocument({ id, kind, address, result, failure, durationMs }: StepResult) {
  const code = failure?.code ?? null;
  return { id, kind, address, result, failure_code: code, duration_ms: Math.round(durationMs) };
}
