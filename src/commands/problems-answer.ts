import type { DiagnosticDocument } from "../contract/parts.ts";
import { problemsJson } from "../report/validation.ts";
import type { Answer } from "./command.ts";
import { toolVersion } from "./tool-version.ts";

/** An answer without a result, with the document that tells why in its place. */
export function problemsAnswer(answer: Answer, problems: readonly DiagnosticDocument[]): Answer {
  return { ...answer, out: problemsJson(problems, toolVersion) };
}
