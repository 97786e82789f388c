import type { DiagnosticDocument } from "../contract/parts.ts";
import type { ValidationDocument } from "../contract/validation-schema.ts";
import type { DesiredState } from "../desired-state/desired-state.ts";
import type { Diagnostic } from "../desired-state/diagnostic.ts";
import { diagnosticDocument } from "./diagnostic-document.ts";
import { diagnosticsText } from "./diagnostic-text.ts";
import { documentHead, jsonText } from "./json.ts";
import { paint, printable, type Terminal } from "./terminal.ts";
import { count } from "./words.ts";

/** What reading the documents gave. */
export interface Validation {
  readonly desired: DesiredState | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** A file of settings, which was read in the place of documents, if it was fine. */
  readonly settings?: string | undefined;
}

/** Every problem with its place, and the verdict last. */
export function validationText(validation: Validation, terminal: Terminal): string {
  const { diagnostics } = validation;
  const problems = diagnosticsText(diagnostics, terminal);
  return `${problems}${problems === "" ? "" : "\n"}${verdict(validation, terminal)}\n`;
}

function verdict({ desired, diagnostics, settings }: Validation, terminal: Terminal): string {
  const counted = countDiagnostics(diagnostics);
  const warnings = counted.warnings > 0 ? `, ${count(counted.warnings, "warning")}` : "";
  const good = paint(terminal, "good", "Valid:");
  if (settings !== undefined) return `${good} ${printable(settings)}${warnings}.`;
  if (!desired) return paint(terminal, "bad", `Invalid: ${count(counted.errors, "error")}${warnings}.`);
  const documents = count(desired.files.length, "document");
  const modules = count(desired.modules.length, "module");
  return `${good} ${documents}, ${modules}${warnings}.`;
}

function countDiagnostics(diagnostics: readonly Pick<Diagnostic, "severity">[]): {
  readonly errors: number;
  readonly warnings: number;
} {
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  return { errors, warnings: diagnostics.length - errors };
}

/** The same as one JSON document. */
export function validationJson({ desired, diagnostics, settings }: Validation, toolVersion: string): string {
  return documentOf(desired !== undefined || settings !== undefined, diagnostics.map(diagnosticDocument), toolVersion);
}

/** What stands in the place of the document of a command that could not do its work. */
export function problemsJson(problems: readonly DiagnosticDocument[], toolVersion: string): string {
  return documentOf(false, problems, toolVersion);
}

function documentOf(valid: boolean, diagnostics: readonly DiagnosticDocument[], toolVersion: string): string {
  const { errors, warnings } = countDiagnostics(diagnostics);
  const counted = { error_count: errors, warning_count: warnings };
  const document: ValidationDocument = { ...documentHead(toolVersion), valid, ...counted, diagnostics };
  return jsonText(document);
}
