import type { LastRunDocument } from "../../contract/last-run-schema.ts";
import type { DiagnosticDocument } from "../../contract/parts.ts";
import type { DesiredState } from "../../desired-state/desired-state.ts";
import { type KernelId, kernelKey, parseInstanceAddress } from "../../dkms/id.ts";
import type { Caller } from "../../host/caller.ts";
import type { PlanSummary } from "../../plan/plan.ts";
import type { PlanFilter } from "../../plan/resolve-wanted.ts";
import type { Survey } from "../../plan/survey.ts";
import { documentHead } from "../../report/json.ts";
import { desiredDocument, type HostFacts, hostDocument, summaryDocument } from "../../report/plan-document.ts";
import { exitCodes } from "../exit-codes.ts";
import type { EarlierRun } from "./earlier-run.ts";
import { type InstanceReport, mergePlaces } from "./merge-places.ts";

/** A run that has ended. */
export interface EndedRun {
  readonly status: LastRunDocument["status"];
  /** Without `--detailed-exitcode`. */
  readonly exitCode: number;
  readonly message: string;
  readonly changed: boolean;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly durationMs: number;
  readonly command: string;
  readonly caller: Caller;
  readonly toolVersion: string;
  readonly host: HostFacts;
  readonly filter: PlanFilter;
  readonly desired: DesiredState | undefined;
  readonly problems: readonly DiagnosticDocument[];
  /** `undefined`: it did not come to look at the host. */
  readonly seen: SeenByRun | undefined;
}

export interface SeenByRun {
  /** `unchanged`: all is as the earlier report has it. */
  readonly survey: Survey | "unchanged";
  /** Of all that the survey was made from; `undefined`: not of everything. */
  readonly basis: string | undefined;
  readonly summary: PlanSummary;
  /** Nothing of the documents was left out, and nothing is left to do. */
  readonly isAllDone: boolean;
}

/** The report of a run: what it knows, and of everything else what an earlier one has left. Pure. */
export function assembleLastRun(run: EndedRun, earlier: EarlierRun): Omit<LastRunDocument, "digest"> {
  const { startedAt, endedAt, host, filter, desired, seen, caller } = run;
  const at = endedAt.toISOString();
  const isSuccess = run.exitCode === exitCodes.ok.code && seen?.isAllDone === true;
  return {
    ...documentHead(run.toolVersion),
    status: run.status,
    exit_code: run.exitCode,
    message: run.message,
    changed: run.changed,
    started_at: startedAt.toISOString(),
    ended_at: at,
    duration_ms: run.durationMs,
    command: run.command,
    who: {
      uid: caller.uid,
      user: caller.user ?? null,
      login: caller.login ? { uid: caller.login.uid, user: caller.login.user ?? null } : null,
    },
    host: hostDocument(host),
    filter: { modules: filter.modules.map(nameOf), kernel: filter.kernel ?? null },
    desired: desired ? desiredDocument(desired) : null,
    problems: run.problems.slice(0, mostProblems).map((problem) => ({ ...problem, snippet: null })),
    summary: seen ? summaryDocument(seen.summary) : null,
    last_success_at: isSuccess ? at : earlier.last_success_at,
    ...(seen ? lookOf(seen, { run, earlier, at }) : taken(earlier)),
  };
}

/** More than anybody reads; who wants all of them runs validate. */
const mostProblems = 50;

function nameOf({ name, version }: PlanFilter["modules"][number]): string {
  return version === undefined ? name : `${name}/${version}`;
}

type Look = Omit<EarlierRun, "last_success_at">;

function taken({ last_success_at: _, ...earlier }: EarlierRun): Look {
  const { instances, kernels, levels, drift, blocked, reboot_required, reboot_reasons, seen_at, basis } = earlier;
  return { seen_at, instances, kernels, levels, drift, blocked, reboot_required, reboot_reasons, basis };
}

interface LookFacts {
  readonly run: EndedRun;
  readonly earlier: EarlierRun;
  readonly at: string;
}

function lookOf({ survey, basis }: SeenByRun, { run, earlier, at }: LookFacts): Look {
  if (survey === "unchanged") {
    const instances = earlier.instances.map((one) => ({ ...one, examined_at: at }));
    return { ...taken(earlier), seen_at: at, instances };
  }
  const instances = mergePlaces(survey, { earlier, filter: run.filter, at });
  const ofKernels = instances.filter(({ address }) => parseInstanceAddress(address));
  return {
    seen_at: at,
    instances,
    kernels: kernelsOf(ofKernels, { survey, earlier, running: run.host.runningKernel }),
    levels: countBy(ofKernels, ({ level }) => level),
    drift: countBy(instances, ({ drift }) => drift),
    blocked: countBy(instances, ({ blocked }) => blocked),
    reboot_required: survey.reboot.required,
    reboot_reasons: survey.reboot.reasons,
    basis: basis ?? null,
  };
}

function countBy(all: readonly InstanceReport[], key: (one: InstanceReport) => string | null): Record<string, number> {
  const counts = new Map<string, number>();
  for (const one of all) {
    const name = key(one);
    if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

interface KernelFacts {
  readonly survey: Survey;
  readonly earlier: EarlierRun;
  readonly running: string | undefined;
}

type KernelReport = LastRunDocument["kernels"][number];

/** A kernel is as ready as the least ready of what is wanted for it. */
function kernelsOf(instances: readonly InstanceReport[], facts: KernelFacts): readonly KernelReport[] {
  const found = new Map<string, KernelReport>();
  for (const { address, wanted, conditions } of instances) {
    const kernel = parseInstanceAddress(address)?.kernel;
    if (!kernel || wanted === null) continue;
    const key = kernelKey(kernel);
    const before = found.get(key) ?? newKernel(kernel, facts);
    const status = conditions.find(({ type }) => type === "Ready")?.status ?? "Unknown";
    const ready =
      [before.ready, status].find((one) => one === "False") ?? (status === "Unknown" ? status : before.ready);
    found.set(key, {
      ...before,
      ready,
      not_ready: status === "True" ? before.not_ready : [...before.not_ready, address],
    });
  }
  return [...found.values()].sort((a, b) => (a.release < b.release ? -1 : 1));
}

function newKernel({ release, arch }: KernelId, { survey, earlier, running }: KernelFacts): KernelReport {
  const isHere = (one: KernelReport) => one.release === release && one.arch === arch;
  const problems = survey.kernels.get(kernelKey({ release, arch })) ?? earlier.kernels.find(isHere)?.problems ?? [];
  const ready = problems.length === 0 ? "True" : "False";
  return { release, arch, running: release === running, ready, problems, not_ready: [] };
}
