import process from "node:process";
import { fail } from "../dkms/failure.ts";
import { failureDiagnostic } from "../report/diagnostic-document.ts";
import type { Answer } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";

/** The answer to what should have been a Failure; where it comes from only for who asks. */
export function bugAnswer(error: unknown, { verbose }: { readonly verbose: boolean }): Answer {
  const wantsStack = (process.env.DKMS_AGENT_DEBUG ?? "") !== "" || verbose;
  const message = error instanceof Error ? error.message : String(error);
  const detail = wantsStack && error instanceof Error ? `${error.stack}\n` : "";
  const advice = detail === "" ? " With DKMS_AGENT_DEBUG=1 it tells where." : "";
  const [what = ""] = message.split("\n");
  const remedy = "Please report it.";
  const { error: failure } = fail("E_INTERNAL", `This is a bug in dkms-agent: ${what}`, { remedy });
  return {
    exitCode: exitCodes.failed.code,
    err: `dkms-agent: This is a bug, please report it: ${what}${advice}\n${detail}`,
    problems: [failureDiagnostic(failure)],
  };
}
