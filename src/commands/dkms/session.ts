import type { Settings } from "../../desired-state/settings.ts";
import type { DkmsCall, KernelWord } from "../../dkms/command-line/dkms-call.ts";
import { didYouMean } from "../../dkms/did-you-mean.ts";
import { fail, type Result, succeed } from "../../dkms/failure.ts";
import type { Framework } from "../../dkms/framework/framework.ts";
import { type KernelId, nameProblem } from "../../dkms/id.ts";
import { type KnownEvaluations, openEvaluations } from "../../dkms/known-evaluations.ts";
import type { CourseEvent } from "../../dkms/verbs/course.ts";
import type { Host } from "../../host/host.ts";
import { diagnosticsText } from "../../report/diagnostic-text.ts";
import type { Io } from "../io.ts";
import { openHost } from "../open-host.ts";
import { toolBuild } from "../tool-version.ts";

/** Everything that a verb of the command line works with. */
export interface Session {
  readonly host: Host;
  readonly call: DkmsCall;
  readonly settings: Settings;
  readonly framework: Framework;
  /** What bash has said of dkms.conf files. */
  readonly evaluations: KnownEvaluations;
  readonly tell: (event: CourseEvent) => void;
}

export interface SessionRequest {
  readonly call: DkmsCall;
  readonly signal: AbortSignal;
  readonly io: Io;
  readonly tell: Session["tell"];
}

/**
 * The host with the trees that the command line, the settings or framework.conf name. Fails with E_USAGE if the root is
 * not there, with E_CONF_INVALID if one of the files is unusable, or as reading it does.
 */
export async function openSession({ call, signal, io, tell }: SessionRequest): Promise<Result<Session>> {
  const { trees: places, kernelSourceDirectory: headers, kernelConfig } = call.options;
  const kernels = { ...(headers !== undefined && { headers }), ...(kernelConfig !== undefined && { kernelConfig }) };
  const request = { places, kernels, release: releaseOf(call), signal, allowInsecureFiles: false };
  const opened = await openHost(request, (problems) => io.err.write(diagnosticsText(problems, io.err.terminal)));
  if (!opened.ok) return opened;
  const { diagnostics, ...session } = opened.value;
  io.err.write(diagnosticsText(diagnostics, io.err.terminal));
  return succeed({ ...session, evaluations: openEvaluations(session.host, toolBuild), call, tell });
}

/** The kernel whose architecture is left open: that of the first counts for all, and status means every one. */
function releaseOf({ verb, kernels: [first] }: DkmsCall): string | null | undefined {
  return verb === "status" || first?.arch !== undefined ? null : first?.release;
}

/** The kernels that are named; without any the running one. Fails with E_USAGE: 16 where there is none, 21 for no name. */
export function kernelsOf({ host, call, tell }: Session): Result<readonly KernelId[]> {
  const words: readonly KernelWord[] =
    call.kernels.length > 0 ? call.kernels : [{ release: undefined, arch: undefined }];
  const kernels: KernelId[] = [];
  for (const { release = host.machine.runningKernel, arch = host.machine.arch } of words) {
    if (release === undefined)
      return fail("E_USAGE", `Under ${host.root} no kernel is running.`, { remedy: "Name one with -k.", dkmsExit: 16 });
    const problem = nameProblem(release) ?? nameProblem(arch);
    if (problem !== undefined)
      return fail("E_USAGE", `There is no kernel "${release}/${arch}": a part of it ${problem}.`, { dkmsExit: 21 });
    if (arch !== host.machine.arch) tell({ type: "notice", text: foreignArch(arch, host.machine.arch) });
    kernels.push({ release, arch });
  }
  return succeed(kernels);
}

/** Not refused: modules can be made for another architecture. */
function foreignArch(arch: string, own: string): string {
  const hint = didYouMean(arch, [own]);
  return `The architecture is ${arch}, and this machine's is ${own}.${hint === undefined ? "" : ` ${hint}`}`;
}

/** The one kernel of a verb that takes no more. */
export function kernelOf(session: Session): Result<KernelId> {
  const kernels = kernelsOf(session);
  if (!kernels.ok) return kernels;
  const [kernel] = kernels.value;
  if (kernel === undefined) throw new Error("there is always a kernel, or a failure");
  return succeed(kernel);
}
