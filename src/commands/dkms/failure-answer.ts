import type { Failure } from "../../dkms/failure.ts";
import { failureText } from "../../report/failure-text.ts";
import type { Answer } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Io } from "../io.ts";

/** What went wrong, with the code that dell/dkms ends with. */
export function failureAnswer(failure: Failure, { err }: Io): Answer {
  return { exitCode: dkmsExitCode(failure), err: failureText(failure, err.terminal) };
}

/** dell/dkms's code; a lock it does not have. */
export function dkmsExitCode({ code, dkmsExit }: Failure): number {
  return code === "E_LOCKED" ? exitCodes.locked.code : dkmsExit;
}
