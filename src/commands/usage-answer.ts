import type { Answer } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import type { UsageError } from "./usage-error.ts";

/** The answer to wrong usage: what is wrong, then what to do. */
export function usageAnswer({ message, hint }: UsageError): Answer {
  const help = hint ?? "dkms-agent --help tells all commands and options.";
  return { exitCode: exitCodes.usage.code, err: `dkms-agent: ${message} [E_USAGE]\n${help}\n` };
}
