import type { DiagnosticDocument } from "../contract/parts.ts";
import { problemLines, versionLine } from "../report/event-line.ts";
import { problemsJson } from "../report/validation.ts";
import type { Answer } from "./command.ts";
import type { JsonForm } from "./program.ts";
import { toolVersion } from "./tool-version.ts";

/**
 * An answer without a result, with what tells why in its place: a document, or the events of an `apply`, which may have been
 * begun.
 */
export function problemsAnswer(
  answer: Answer,
  problems: readonly DiagnosticDocument[],
  { form, isBegun }: { readonly form: JsonForm; readonly isBegun: boolean },
): Answer {
  if (form === "document") return { ...answer, out: problemsJson(problems, toolVersion) };
  const now = new Date();
  const head = isBegun ? "" : versionLine(toolVersion, now);
  return { ...answer, out: head + problemLines(problems, now) };
}
