import type { DiagnosticDocument } from "../contract/parts.ts";
import type { Diagnostic } from "../desired-state/diagnostic.ts";
import type { Failure } from "../dkms/failure.ts";

/** A problem of the documents as JSON. */
export function diagnosticDocument({
  severity,
  code,
  message,
  file,
  range,
  snippet,
  hint,
}: Diagnostic): DiagnosticDocument {
  return {
    severity,
    code,
    message,
    file,
    range: range
      ? { line: range.line, column: range.column, end_line: range.endLine, end_column: range.endColumn }
      : null,
    snippet: snippet
      ? { text: snippet.text, caret_column: snippet.caretColumn, caret_length: snippet.caretLength }
      : null,
    hint: hint ?? null,
  };
}

/** A failure of the whole run, in the shape of a problem. */
export function failureDiagnostic({ code, message, path, remedy }: Failure): DiagnosticDocument {
  return { severity: "error", code, message, file: path ?? null, range: null, snippet: null, hint: remedy ?? null };
}
