/** One problem of a document, placed so that an editor could underline it. */
export interface Diagnostic {
  readonly severity: "error" | "warning";
  readonly code: DiagnosticCode;
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

/** Stable codes; README has them all. What begins with `E_` is an error, with `W_` a warning. */
export type DiagnosticCode =
  | "E_ALIAS"
  | "E_BAD_VALUE"
  | "E_CONFLICT"
  | "E_DUPLICATE_KEY"
  | "E_DUPLICATE_MODULE"
  | "E_EMPTY"
  | "E_IN_USE"
  | "E_INSECURE_FILE"
  | "E_MISSING_KEY"
  | "E_MORE_PROBLEMS"
  | "E_NOT_UTF8"
  | "E_PROTECTED"
  | "E_RUNNING_ELSEWHERE"
  | "E_STALE_PLAN"
  | "E_TOO_DEEP"
  | "E_TOO_LARGE"
  | "E_UNKNOWN_KEY"
  | "E_UNREADABLE"
  | "E_UNSUPPORTED"
  | "E_WRONG_TYPE"
  | "E_YAML_SYNTAX"
  | "W_BAD_NAME"
  | "W_IGNORED_FILE"
  | "W_INITRAMFS"
  | "W_MORE_PROBLEMS"
  | "W_NO_EFFECT"
  | "W_NO_KERNEL_MATCHES"
  | "W_NOT_IN_PLAN"
  | "W_NOT_KEPT"
  | "W_NOT_NEWEST"
  | "W_NOT_PRUNED"
  | "W_UNREADABLE"
  | "W_YAML";

/** What is wrong, without the place. */
export interface Fault {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly hint?: string;
}
