import type { RunRefusal } from "../apply/journal-run.ts";
import { noteRefusedRun, type RefusedRun } from "../apply/refused-runs.ts";
import type { Diagnostic } from "../desired-state/diagnostic.ts";
import type { Failure } from "../dkms/failure.ts";
import type { Host } from "../host/host.ts";
import { isSystemError } from "../host/system-error.ts";
import { count } from "../report/words.ts";
import { exitCodeOf, exitCodeOfProblems, exitCodes } from "./exit-codes.ts";

/**
 * Leaves a line in the history of a command that was to change something and could not do anything: the one place in which
 * all of them do. Wrong usage leaves none: whoever mistyped something sees it. Where nothing can be written nobody is told:
 * the command has said already what is wrong.
 */
export function noteRefusal(host: Host, facts: RefusedRun["facts"], refusal: RunRefusal): void {
  if (refusal.exitCode === exitCodes.usage.code) return;
  const message = refusal.message.length > longest ? `${refusal.message.slice(0, longest)}…` : refusal.message;
  try {
    noteRefusedRun(host, { facts, refusal: { ...refusal, message } });
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}

/** Enough for what it is about, and not for a whole document. */
const longest = 500;

/** What is to be noted of a failure that kept a run from starting. */
export function failureRefusal(failure: Failure): RunRefusal {
  const { code, message, path } = failure;
  // Everybody knows where the lock is.
  const isPlaced = path === undefined || code === "E_LOCKED" || message.includes(path);
  return { code, message: isPlaced ? message : `${path}: ${message}`, exitCode: exitCodeOf(failure) };
}

/** What is to be noted of problems of documents and plan; of several the first. */
export function problemsRefusal(diagnostics: readonly Diagnostic[]): RunRefusal {
  const [first, ...more] = diagnostics.filter(({ severity }) => severity === "error");
  const exitCode = exitCodeOfProblems(diagnostics) ?? exitCodes.invalid.code;
  if (!first) return { code: "", message: "The documents are invalid.", exitCode };
  const { code, message, file, range } = first;
  const place = range ? `${file}:${range.line}:${range.column}` : file;
  const others = more.length > 0 ? `, and ${count(more.length, "more problem")}` : "";
  return { code, message: `${place}: ${message.replace(/\.$/, "")}${others}`, exitCode };
}
