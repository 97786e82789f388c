import type { DiagnosticDocument } from "../contract/parts.ts";
import { problemLines } from "../report/event-line.ts";
import { problemsJson } from "../report/validation.ts";
import type { Answer } from "./command.ts";
import { toolVersion } from "./tool-version.ts";

/** An answer without a result, with what tells why in its place: a document, or the events of an `apply`. */
export function problemsAnswer(
  answer: Answer,
  problems: readonly DiagnosticDocument[],
  form: "document" | "events",
): Answer {
  const out = form === "events" ? problemLines(problems, toolVersion, new Date()) : problemsJson(problems, toolVersion);
  return { ...answer, out };
}
