/** A value or an expected failure. What is thrown instead is a bug or a stop. */
export type Result<T, E = Failure> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

/** Every expected failure of the engine has one of these stable codes; README documents them with their remedies. */
export type FailureCode =
  | "E_ALREADY_ADDED"
  | "E_BAD_OBJECT"
  | "E_BAD_PLAN"
  | "E_BROKEN_MODULE"
  | "E_CANCELLED"
  | "E_CONF_INVALID"
  | "E_CONF_MISSING"
  | "E_DEPENDENCY"
  | "E_DEPMOD"
  | "E_DIGEST"
  | "E_DKMS"
  | "E_EXCLUDED"
  | "E_FAILED_BEFORE"
  | "E_INITRAMFS"
  | "E_INSECURE_FILE"
  | "E_INTERNAL"
  | "E_IO"
  | "E_KILLED"
  | "E_LOCKED"
  | "E_MAKE"
  | "E_NEWER_INSTALLED"
  | "E_NO_ARCHIVE"
  | "E_NO_BINARY"
  | "E_NO_HEADERS"
  | "E_NO_KERNEL"
  | "E_NO_MEMORY"
  | "E_NO_OBJECT"
  | "E_NO_SOURCE"
  | "E_NO_SPACE"
  | "E_NO_TOOL"
  | "E_NOT_BUILT"
  | "E_NOT_IN_TREE"
  | "E_OUTSIDE_TREE"
  | "E_PATCH"
  | "E_PERMISSION"
  | "E_PRECONDITION"
  | "E_READ_ONLY"
  | "E_SCRIPT"
  | "E_SIGNING"
  | "E_STALE_PLAN"
  | "E_TARBALL"
  | "E_TARBALL_LIMIT"
  | "E_TIMEOUT"
  | "E_USAGE"
  | "E_WRONG_KERNEL";

/** An expected failure: what happened, where, and what to do about it. */
export interface Failure {
  readonly code: FailureCode;
  /** One sentence: what happened, to what. */
  readonly message: string;
  /** The file or directory that it is about. */
  readonly path?: string;
  /** What the administrator can do now. */
  readonly remedy?: string;
  /** The log of the program that failed, and its last lines. */
  readonly log?: { readonly path: string; readonly tail: readonly string[] };
  /** The code that dell/dkms would exit with; test/scenarios/dkms-exit-codes.test.ts has the table. */
  readonly dkmsExit: number;
}

/** A successful result. */
export function succeed<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** A failed result. `dkmsExit` defaults to 1, dell/dkms's code for everything unnamed. */
export function fail(
  code: FailureCode,
  message: string,
  more: Partial<Omit<Failure, "code" | "message">> = {},
): { readonly ok: false; readonly error: Failure } {
  return { ok: false, error: { code, message, dkmsExit: 1, ...more } };
}
