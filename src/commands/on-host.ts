import type { Diagnostic } from "../desired-state/diagnostic.ts";
import { type Failure, fail } from "../dkms/failure.ts";
import type { PlanFilter } from "../plan/resolve-wanted.ts";
import { diagnosticDocument, failureDiagnostic } from "../report/diagnostic-document.ts";
import { diagnosticsText } from "../report/diagnostic-text.ts";
import { failureText } from "../report/failure-text.ts";
import type { Answer, Invocation } from "./command.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { type OpenedHost, openHost } from "./open-host.ts";
import { usageAnswer } from "./usage-answer.ts";

/** Does the work of a command on the host that the options name. A root that is not there is a typing error. */
export async function onHost(
  invocation: Invocation,
  work: (opened: OpenedHost) => Promise<Answer> | Answer,
): Promise<Answer> {
  const { options, signal, io } = invocation;
  const problems: Diagnostic[] = [];
  const { places, kernel: release, allowInsecureFiles } = options;
  const opened = await openHost({ places, release, signal, allowInsecureFiles }, (found) => problems.push(...found));
  if (!opened.ok) return refusal(invocation, opened.error, problems);
  if (!options.quiet) io.err.write(diagnosticsText(opened.value.diagnostics, io.err.terminal));
  return work(opened.value);
}

function refusal({ io }: Invocation, failure: Failure, problems: readonly Diagnostic[]): Answer {
  if (failure.code === "E_USAGE") {
    return usageAnswer({ message: failure.message, ...(failure.remedy !== undefined && { hint: failure.remedy }) });
  }
  const isInvalid = failure.code === "E_CONF_INVALID";
  return {
    exitCode: isInvalid ? exitCodes.invalid.code : exitCodeOf(failure),
    err: diagnosticsText(problems, io.err.terminal) + failureText(failure, io.err.terminal),
    problems: [...problems.map(diagnosticDocument), failureDiagnostic(failure)],
  };
}

/** The answer of a command that only reads and was asked to stop: what it has read may be half of what there is. */
export function stoppedAnswer(signal: AbortSignal): Answer {
  const message = `Stopped (${String(signal.reason)}); nothing was changed.`;
  return {
    exitCode: exitCodes.failed.code,
    err: `dkms-agent: ${message}\n`,
    problems: [failureDiagnostic(fail("E_CANCELLED", message).error)],
  };
}

/** What a plan is narrowed to. */
export function filterOf({ options, own }: Pick<Invocation, "options" | "own">): PlanFilter {
  const { modules, kernel } = options;
  return { modules, kernel, retry: own.retry === true, allowInUse: own.allowInUse === true };
}
