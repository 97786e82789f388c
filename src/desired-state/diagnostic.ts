/** One problem of a document, placed so that an editor could underline it. */
export interface Diagnostic {
  readonly severity: "error" | "warning";
  /** A stable code, e.g. `E_YAML_SYNTAX`, `E_UNKNOWN_KEY`; README has them all. */
  readonly code: string;
  /** One sentence. */
  readonly message: string;
  readonly file: string;
  readonly range?: DiagnosticRange;
  /** The source line as it stands (shortened around the place if it is very long). */
  readonly snippet?: { readonly text: string; readonly caretColumn: number; readonly caretLength: number };
  /** What to do, or "did you mean …?". */
  readonly hint?: string;
}

/** Lines and columns count from 1, columns in characters; the end is exclusive. */
export interface DiagnosticRange {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}
