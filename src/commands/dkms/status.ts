import type { DkmsCall, KernelWord } from "../../dkms/command-line/dkms-call.ts";
import { nameProblem } from "../../dkms/id.ts";
import { statusLine } from "../../dkms/status-line.ts";
import { readStatus } from "../../dkms/status-lines.ts";
import type { Session } from "./session.ts";

/** The lines of `dkms status`; with -q none at all, not even what was asked for, as in dell/dkms. */
export async function statusOutput({ host, call, evaluations }: Session): Promise<string> {
  const { name, version, kernels } = call;
  if (call.options.quiet || isImpossible(call)) return "";
  const filter = {
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(kernels.length === 0 ? {} : { kernels: kernels.map(toFilter) }),
  };
  const entries = await readStatus(host, filter, evaluations);
  return entries.map((entry) => `${statusLine(entry)}\n`).join("");
}

/** No module can have such a name, so nothing is known of it. */
function isImpossible({ name, version }: DkmsCall): boolean {
  return [name, version].some((text) => text !== undefined && nameProblem(text) !== undefined);
}

/** An empty word names none here, and every kernel matches. */
function toFilter({ release, arch }: KernelWord): { release?: string; arch?: string } {
  return { ...(release ? { release } : {}), ...(arch ? { arch } : {}) };
}
