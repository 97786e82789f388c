import { didYouMean } from "../desired-state/did-you-mean.ts";
import { nameProblem } from "../dkms/id.ts";
import { readStatus, statusLine } from "../dkms/status-lines.ts";
import { createHost } from "../host/create-host.ts";
import type { Host } from "../host/host.ts";
import type { Answer } from "./command.ts";
import { type DkmsArguments, dkmsVerbs, kernelsOf, parseDkmsArguments } from "./dkms-arguments.ts";
import { rootProblem, stoppedAnswer } from "./on-host.ts";

/** The dell/dkms that `dkms VERB` answers like; scripts compare the number. */
const compatibleVersion = "3.2.2";

/** `dkms VERB ...`: the arguments, the output and the exit codes of dell/dkms. */
export async function dkms(args: readonly string[], signal: AbortSignal): Promise<Answer> {
  const parsed = parseDkmsArguments(args);
  if (!parsed.ok) return { exitCode: parsed.error.exitCode, err: `dkms: ${parsed.error.message}\n\n${usage}` };
  const { verb, info, notices } = parsed.value;
  if (info === "version") return { exitCode: 0, out: `dkms-${compatibleVersion}\n` };
  if (info === "help") return { exitCode: 0, out: usage };
  if (verb === undefined) return { exitCode: 2, err: `dkms: ${noAction(parsed.value)}\n\n${usage}` };
  if (verb !== "status") return { exitCode: 2, err: notYet(verb) };
  const host = createHost({ ...parsed.value.places, signal });
  const problem = rootProblem(host);
  if (problem) return { exitCode: 1, err: `dkms: ${problem.message}\n` };
  const out = await statusOutput(host, parsed.value);
  if (signal.aborted) return stoppedAnswer(signal);
  return { exitCode: 0, out, err: notices.map((notice) => `dkms: ${notice}\n`).join("") };
}

async function statusOutput(host: Host, given: DkmsArguments): Promise<string> {
  // dell/dkms prints nothing at all with -q, not even what was asked for.
  if (given.quiet || isImpossible(given)) return "";
  const kernels = kernelsOf(given);
  const { module: name, version } = given;
  const entries = await readStatus(host, {
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(kernels.length === 0 ? {} : { kernels }),
  });
  return entries.map((entry) => `${statusLine(entry)}\n`).join("");
}

/** No module can have such a name, so nothing is known of it. */
function isImpossible({ module, version }: DkmsArguments): boolean {
  return [module, version].some((text) => text !== undefined && nameProblem(text) !== undefined);
}

/** dell/dkms exits with 0 here, which hides every typing error. */
function noAction({ module }: DkmsArguments): string {
  if (module === undefined) return "No action is given.";
  const hint = didYouMean(module, dkmsVerbs);
  return `No action is given: "${module}" is none.${hint === undefined ? "" : ` ${hint}`}`;
}

function notYet(verb: string): string {
  return (
    `dkms: "${verb}" is not in this version yet; nothing was done.\n` +
    'Write the module into the desired state and run "dkms-agent apply"; "dkms status" works here.\n'
  );
}

const usage = `Usage: dkms [action] [options]
       dkms-agent dkms [action] [options]

Actions:
  ${dkmsVerbs.slice(0, 9).join(", ")},
  ${dkmsVerbs.slice(9).join(", ")}
  In this version: status. The arguments and the output are those of dell/dkms ${compatibleVersion}.

Options of status:
  -m NAME[/VERSION], -v VERSION   only this module; a bare NAME or NAME/VERSION means the same
  -k RELEASE[/ARCH], -a ARCH      only this kernel; -k may be given several times
  --dkmstree DIR, --sourcetree DIR, --installtree DIR
  --root DIR                      (not in dell/dkms) the system below this directory

Example:
  dkms status -m v4l2loopback -k 6.1.0-56-amd64
`;
