import { createHost } from "../host/create-host.ts";
import type { Host } from "../host/host.ts";
import type { PlanFilter } from "../plan/resolve-wanted.ts";
import type { Answer, Invocation } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import type { SharedOptions } from "./shared-options.ts";
import { usageAnswer } from "./usage-answer.ts";
import type { UsageError } from "./usage-error.ts";

/** Does the work of a command on the host that the options name. A root that is not there is a typing error. */
export async function onHost(invocation: Invocation, work: (host: Host) => Promise<Answer>): Promise<Answer> {
  const { options, signal } = invocation;
  const host = createHost({ ...options.places, signal });
  const problem = rootProblem(host);
  return problem ? usageAnswer(problem) : work(host);
}

/** Why the root cannot be worked on; `undefined` if it can. */
export function rootProblem({ root, files }: Host): UsageError | undefined {
  if (kindOf(root, files) === "directory") return undefined;
  return { message: `--root: ${root} is not a directory.`, hint: "Name the directory that holds the system's files." };
}

function kindOf(path: string, files: Host["files"]): string | undefined {
  try {
    return files.stat(path)?.kind;
  } catch {
    return undefined;
  }
}

/** The answer of a command that only reads and was asked to stop: what it has read may be half of what there is. */
export function stoppedAnswer(signal: AbortSignal): Answer {
  return {
    exitCode: exitCodes.failed.code,
    err: `dkms-agent: Stopped (${String(signal.reason)}); nothing was changed.\n`,
  };
}

/** What a plan is narrowed to. */
export function filterOf({ modules, kernel }: SharedOptions): PlanFilter {
  return { modules, kernel };
}
