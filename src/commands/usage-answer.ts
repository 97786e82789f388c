import type { Answer } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import type { UsageError } from "./usage-error.ts";

/** The answer to wrong usage: what is wrong, then what to do. */
export function usageAnswer({ message, hint }: UsageError): Answer {
  const help = hint ?? "dkms-agent --help tells all commands and options.";
  const code = "E_USAGE";
  const nowhere = { file: null, range: null, snippet: null };
  return {
    exitCode: exitCodes.usage.code,
    err: `dkms-agent: ${message} [${code}]\n${help}\n`,
    problems: [{ severity: "error", code, message, hint: help, ...nowhere }],
  };
}
