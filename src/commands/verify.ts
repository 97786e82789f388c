import { compareLoaded } from "../actual-state/compare-loaded.ts";
import { inspectInstalled } from "../actual-state/inspect-installed.ts";
import { type Comparison, compare } from "../compare.ts";
import type { DesiredState } from "../desired-state/desired-state.ts";
import type { Diagnostic } from "../desired-state/diagnostic.ts";
import type { KernelId } from "../dkms/id.ts";
import type { Kernel } from "../dkms/kernel.ts";
import { unknownDigests } from "../dkms/known-digests.ts";
import { unknownObjects } from "../dkms/known-objects.ts";
import { absentKernel, kernelIds, readKernel } from "../dkms/read-kernels.ts";
import type { Host } from "../host/host.ts";
import { isRefusal } from "../plan/is-refusal.ts";
import { installedAmongWanted, kernelProblems, readinessOf } from "../plan/readiness.ts";
import { rebootNeed } from "../plan/reboot-need.ts";
import { diagnosticsText } from "../report/diagnostic-text.ts";
import { jsonText } from "../report/json.ts";
import { isReady, type Verification, verificationDocument, verificationText } from "../report/verification.ts";
import { unknownFilter } from "./check-filter.ts";
import type { Answer, Invocation } from "./command.ts";
import { invalidAnswer, loadFor } from "./documents.ts";
import { exitCodeOfProblems, exitCodes } from "./exit-codes.ts";
import { hostFacts } from "./host-facts.ts";
import { hasNoDocuments } from "./no-documents.ts";
import { filterOf, onHost, stoppedAnswer } from "./on-host.ts";
import { archivesOf, type OpenedHost } from "./open-host.ts";
import { toolVersion } from "./tool-version.ts";
import { usageAnswer } from "./usage-answer.ts";

/**
 * Tells whether the host would boot a kernel with everything that is wanted for it: 0 or 1. Writes nothing, believes no
 * digest from before, and needs no root where the trees are readable.
 */
export function verify(invocation: Invocation): Promise<Answer> {
  return onHost(invocation, (opened) => verifyOn(opened, invocation));
}

async function verifyOn(opened: OpenedHost, invocation: Invocation): Promise<Answer> {
  const { host } = opened;
  const { options } = invocation;
  const asked = options.kernel ?? "newest";
  if (asked === "running" && host.machine.runningKernel === undefined) {
    const hint = "Give --kernel newest, or a release.";
    return usageAnswer({ message: `--kernel running: no kernel runs under ${host.root}.`, hint });
  }
  if (hasNoDocuments(host, options)) return answerOf(host, invocation, { ...nothingFound, asked });
  const loaded = await loadFor(host, options);
  const { desired } = loaded;
  if (!desired) return invalidAnswer(invocation, loaded);
  const unknown = unknownFilter(host, desired, { ...options, kernel: undefined });
  if (unknown) return usageAnswer(unknown);
  const kernel = chooseKernel(host, asked);
  const found = { ...nothingFound, asked, desired, diagnostics: loaded.diagnostics };
  if (!kernel) return answerOf(host, invocation, found);
  const verified = {
    id: kernel.id,
    directory: kernel.directory,
    isRunning: kernel.id.release === host.machine.runningKernel,
    isInstalled: kernel.isInstalled,
  };
  const looked = await lookAt(opened, invocation, { desired, kernel });
  if (host.signal.aborted) return stoppedAnswer(host.signal);
  const diagnostics = [...loaded.diagnostics, ...looked.diagnostics];
  if (exitCodeOfProblems(diagnostics) !== undefined)
    return invalidAnswer(invocation, { desired: undefined, diagnostics });
  return answerOf(host, invocation, { ...found, ...looked, diagnostics, kernel: verified });
}

const nothingFound = {
  kernel: undefined,
  desired: undefined,
  problems: [],
  instances: [],
  reboot: { required: false, reasons: [] },
  diagnostics: [],
} as const;

/** The kernel that a name stands for, also one that is not there; `undefined` if none is installed at all. */
function chooseKernel(host: Host, asked: string): Kernel | undefined {
  const { arch, runningKernel = "" } = host.machine;
  if (asked === "newest") return newestInstalled(host);
  const id: KernelId = { release: asked === "running" ? runningKernel : asked, arch };
  return readKernel(host, id) ?? absentKernel(host, id);
}

function newestInstalled(host: Host): Kernel | undefined {
  for (const id of kernelIds(host).reverse()) {
    const kernel = readKernel(host, id);
    if (kernel?.isInstalled) return kernel;
  }
  return undefined;
}

interface Question {
  readonly desired: DesiredState;
  readonly kernel: Kernel;
}

/** As the planner sees it, with nothing remembered; then deeper. */
async function lookAt(
  opened: OpenedHost,
  invocation: Invocation,
  { desired, kernel }: Question,
): Promise<Pick<Verification, "problems" | "instances" | "reboot" | "diagnostics">> {
  const { host, settings } = opened;
  const { signing } = settings;
  const filter = { ...filterOf(invocation), kernel: kernel.id.release };
  const archives = archivesOf(opened, invocation.options);
  const { actual, plan }: Comparison = await compare(host, desired, {
    filter,
    archives,
    signing,
    digests: unknownDigests(host),
  });
  const world = { desired, actual, filter };
  const loaded = await compareLoaded(host, actual);
  const inspected = await inspectInstalled(host, {
    kernels: [kernel],
    signing,
    instances: installedAmongWanted(world),
    objects: unknownObjects(host),
  });
  const mustRun = invocation.options.kernel === "running";
  return {
    problems: kernelProblems(plan, kernel.id),
    instances: readinessOf(world, { plan, inspected, loaded, mustRun }),
    reboot: rebootNeed(world, loaded),
    diagnostics: plan.diagnostics.filter((one: Diagnostic) => !isRefusal(one)),
  };
}

function answerOf(host: Host, { options, io }: Invocation, found: Verification): Answer {
  const exitCode = isReady(found) ? exitCodes.ok.code : exitCodes.failed.code;
  if (options.json) {
    const facts = { toolVersion, createdAt: host.clock(), host: hostFacts(host) };
    return { exitCode, out: jsonText(verificationDocument(found, facts)) };
  }
  const err = options.quiet ? "" : diagnosticsText(found.diagnostics, io.err.terminal);
  return { exitCode, out: verificationText(found, io.out.terminal, options.quiet), err };
}
