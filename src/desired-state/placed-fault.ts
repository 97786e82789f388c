import type { Diagnostic, DiagnosticRange, Fault } from "./diagnostic.ts";
import { positionAt, type SourceText, type Span, snippetAt } from "./source-text.ts";

/**
 * A fault and where it is: cheap, so that a document made of mistakes can be refused in time. What people see of it
 * is made by {@link toDiagnostic}, for those that are shown.
 */
export interface PlacedFault {
  readonly file: string;
  readonly fault: Fault;
  /** `undefined` if the fault is of the whole file or directory. */
  readonly at: { readonly source: SourceText; readonly span: Span } | undefined;
}

/** What a stage could make of its input, and everything that it has to say about it. */
export interface Checked<T> {
  /** `undefined` if nothing usable came out; then, and perhaps otherwise too, one of the faults is an error. */
  readonly value: T | undefined;
  readonly faults: readonly PlacedFault[];
}

/** A fault at a place in a document. */
export function faultAt(source: SourceText, span: Span, fault: Fault): PlacedFault {
  return { file: source.file, fault, at: { source, span } };
}

/** A fault of a whole file or directory. */
export function faultOf(file: string, fault: Fault): PlacedFault {
  return { file, fault, at: undefined };
}

/** The codes tell errors and warnings apart. */
export function isError({ fault }: PlacedFault): boolean {
  return fault.code.startsWith("E_");
}

/** By file, then by place; what concerns the whole file comes first. */
export function comparePlaces(left: PlacedFault, right: PlacedFault): number {
  if (left.file !== right.file) return left.file < right.file ? -1 : 1;
  return (left.at?.span.start ?? -1) - (right.at?.span.start ?? -1);
}

/** The fault with its line, its column and the line itself. */
export function toDiagnostic(placed: PlacedFault): Diagnostic {
  const { code, message, hint } = placed.fault;
  const severity = isError(placed) ? "error" : "warning";
  const plain = { severity, code, message, file: placed.file, ...(hint === undefined ? {} : { hint }) } as const;
  return placed.at ? { ...plain, ...located(placed.at.source, placed.at.span) } : plain;
}

function located(source: SourceText, span: Span): Pick<Diagnostic, "range" | "snippet"> {
  return { range: rangeAt(source, span), snippet: snippetAt(source, span) };
}

/** The lines and columns of a span. */
export function rangeAt(source: SourceText, span: Span): DiagnosticRange {
  const start = positionAt(source, span.start);
  const end = positionAt(source, Math.max(span.end, span.start));
  return { line: start.line, column: start.column, endLine: end.line, endColumn: end.column };
}
