import type { Diagnostic } from "../desired-state/diagnostic.ts";
import type { Failure } from "../dkms/failure.ts";
import { isRefusal } from "../plan/is-refusal.ts";

/** Every exit code of the program, except those that `dkms VERB` takes over from dell/dkms. */
export const exitCodes = {
  ok: {
    code: 0,
    meaning: "plan: computed; apply: everything wanted is there now; verify: ready; daemon: ended as it was asked to",
  },
  failed: { code: 1, meaning: "a step failed, or an unexpected error; verify: not ready" },
  changes: { code: 2, meaning: "plan --detailed-exitcode: there are changes (also if something else is blocked)" },
  blocked: {
    code: 3,
    meaning: "nothing failed, but something wanted is blocked (apply; plan --detailed-exitcode without changes)",
  },
  usage: { code: 64, meaning: "wrong usage of the command line" },
  invalid: { code: 65, meaning: "the desired state, or a saved plan, is invalid or cannot be read" },
  locked: { code: 75, meaning: "another run holds the lock" },
  unfit: { code: 78, meaning: "this host cannot run it: not root, tree not writable, a program is missing" },
  stale: { code: 79, meaning: "a saved plan is stale: what it was made from has changed, or it was applied before" },
  refused: { code: 80, meaning: "refused by a protection: a module is protected, or in use" },
} as const;

/** `apply --detailed-exitcode` answers with these instead, except for wrong usage. */
export const detailedApplyCodes = {
  unchanged: { code: 0, meaning: "nothing had to be changed" },
  notAttempted: {
    code: 1,
    meaning: "not attempted: invalid desired state, locked, unfit host, stale plan, or refused",
  },
  changed: { code: 2, meaning: "changed, and everything wanted is there now" },
  failed: { code: 4, meaning: "failed or blocked, nothing changed" },
  changedAndFailed: { code: 6, meaning: "changed, and something failed or is blocked" },
} as const;

/** No code of a table: the daemon ends with 0, and so does what was through already. */
export const stopNote =
  "A run that a signal has stopped clears up, and then ends by it: for a shell, with 128 and its number.";

/** The exit code that problems of documents and plan lead to; `undefined` if none of them is an error. */
export function exitCodeOfProblems(diagnostics: readonly Diagnostic[]): number | undefined {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return undefined;
  return errors.every(isRefusal) ? exitCodes.refused.code : exitCodes.invalid.code;
}

/** The exit code of a failure that kept a run from starting. */
export function exitCodeOf({ code }: Failure): number {
  switch (code) {
    case "E_LOCKED":
      return exitCodes.locked.code;
    case "E_PERMISSION":
    case "E_READ_ONLY":
    case "E_NO_SPACE":
    case "E_NO_TOOL":
      return exitCodes.unfit.code;
    case "E_BAD_PLAN":
      return exitCodes.invalid.code;
    case "E_STALE_PLAN":
      return exitCodes.stale.code;
    case "E_USAGE":
      return exitCodes.usage.code;
    default:
      return exitCodes.failed.code;
  }
}

/** Both tables, as `--help` shows them. */
export function exitCodeHelp(): string {
  const rows = (table: Readonly<Record<string, { readonly code: number; readonly meaning: string }>>) =>
    Object.values(table).map(({ code, meaning }) => `  ${String(code).padStart(2)}  ${meaning}`);
  return [
    "Exit codes:",
    ...rows(exitCodes),
    "",
    "Exit codes of apply --detailed-exitcode:",
    ...rows(detailedApplyCodes),
    "",
    "dkms VERB exits with the codes of dell/dkms.",
    "",
    stopNote,
  ].join("\n");
}
