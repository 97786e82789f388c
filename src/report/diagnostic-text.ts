import type { ShownDiagnostic } from "./shown-plan.ts";
import { hang, paint, type Terminal, wrap } from "./terminal.ts";
import { lines, sentence } from "./words.ts";

/** `file:line:column: error: message [CODE]`, the source line with a caret below the place, the hint. */
export function diagnosticText(diagnostic: ShownDiagnostic, terminal: Terminal): string {
  const { severity, code, message, hint } = diagnostic;
  const tone = severity === "error" ? "bad" : "change";
  const kind = paint(terminal, tone, `${severity}:`);
  const head = `${paint(terminal, "strong", place(diagnostic))}: ${kind} ${sentence(message)} [${code}]`;
  const [first = "", ...rest] = wrap(head, terminal.columns);
  const gutter = " ".repeat(String(diagnostic.range?.line ?? "").length + 3);
  const hints = hint === undefined ? [] : hang(`${gutter}= `, sentence(hint), terminal.columns);
  return lines([first, ...rest.map((line) => `  ${line}`), ...snippet(diagnostic, terminal), ...hints]);
}

/** One text for all of them, an empty line between two. */
export function diagnosticsText(diagnostics: readonly ShownDiagnostic[], terminal: Terminal): string {
  return diagnostics.map((one) => diagnosticText(one, terminal)).join("\n");
}

/** As editors and compilers write it, so that a terminal makes a link of it. */
function place({ file, range }: ShownDiagnostic): string {
  return range ? `${file}:${range.line}:${range.column}` : file;
}

function snippet(diagnostic: ShownDiagnostic, terminal: Terminal): readonly string[] {
  if (!diagnostic.snippet) return [];
  const { text, caretColumn, caretLength } = diagnostic.snippet;
  const number = String(diagnostic.range?.line ?? "");
  const carets = paint(terminal, diagnostic.severity === "error" ? "bad" : "change", "^".repeat(caretLength));
  const bar = paint(terminal, "quiet", "|");
  const source = `  ${paint(terminal, "quiet", number)} ${bar} ${text}`;
  return [source, `  ${" ".repeat(number.length)} ${bar} ${" ".repeat(caretColumn - 1)}${carets}`];
}
