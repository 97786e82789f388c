import type { Failure } from "../dkms/failure.ts";
import { failureDiagnostic } from "../report/diagnostic-document.ts";
import { failureText } from "../report/failure-text.ts";
import type { Answer } from "./command.ts";
import { exitCodeOf } from "./exit-codes.ts";
import type { Io } from "./io.ts";

/** The answer of a command that could not do its work. */
export function failedAnswer(failure: Failure, { err }: Io): Answer {
  return {
    exitCode: exitCodeOf(failure),
    err: failureText(failure, err.terminal),
    problems: [failureDiagnostic(failure)],
  };
}
