import type {
  BlockedDocument,
  ChangeDocument,
  DesiredDocument,
  HostDocument,
  NotApplicableDocument,
  SourceDocument,
  SummaryDocument,
} from "../contract/parts.ts";
import type { PlanDocument } from "../contract/plan-schema.ts";
import type { DesiredState, SourcePosition } from "../desired-state/desired-state.ts";
import type { Observation } from "../plan/observe.ts";
import type { Blocked, Change, NotApplicable, Plan, PlanSummary } from "../plan/plan.ts";
import type { PlanFilter } from "../plan/resolve-wanted.ts";
import type { Step } from "../plan/step.ts";
import { diagnosticDocument } from "./diagnostic-document.ts";
import { documentHead } from "./json.ts";

/** What a plan document says besides the plan. */
export interface PlanFacts {
  readonly toolVersion: string;
  readonly planId: string;
  readonly createdAt: Date;
  readonly host: HostFacts;
  readonly trees: Trees;
  readonly desired: DesiredState;
  readonly filter: PlanFilter;
  readonly observed: Observed;
}

export interface Trees {
  readonly dkmsTree: string;
  readonly sourceTree: string;
  readonly installTree: string;
}

/** What a plan was made from. */
export interface Observed {
  readonly fingerprint: string;
  readonly touched: readonly Observation[];
}

export interface HostFacts {
  readonly machineId: string | undefined;
  readonly arch: string;
  readonly runningKernel: string | undefined;
}

/** The plan as other programs read it: one function decides every name. */
export function planDocument(plan: Plan, facts: PlanFacts): PlanDocument {
  return {
    ...documentHead(facts.toolVersion),
    plan_id: facts.planId,
    created_at: facts.createdAt.toISOString(),
    host: hostDocument(facts.host),
    trees: treesDocument(facts.trees),
    desired: desiredDocument(facts.desired),
    filter: filterDocument(facts.filter),
    observed: { fingerprint: facts.observed.fingerprint, touched: facts.observed.touched },
    changes: plan.changes.map(changeDocument),
    steps: plan.steps.map(stepDocument),
    blocked: plan.blocked.map(blockedDocument),
    not_applicable: plan.notApplicable.map(notApplicableDocument),
    unlisted: plan.unlisted,
    diagnostics: plan.diagnostics.map(diagnosticDocument),
    summary: summaryDocument(plan.summary),
  };
}

/** `running_kernel` is null under another root, where no kernel runs. */
export function hostDocument({ machineId, arch, runningKernel }: HostFacts): HostDocument {
  return { machine_id: machineId ?? null, arch, running_kernel: runningKernel ?? null };
}

/** Where the trees are. */
export function treesDocument({ dkmsTree, sourceTree, installTree }: Trees): PlanDocument["trees"] {
  return { dkms: dkmsTree, source: sourceTree, install: installTree };
}

/** The documents by path and digest. */
export function desiredDocument({ paths, files, sha256 }: DesiredState): DesiredDocument {
  return { paths, files: files.map((file) => ({ path: file.path, sha256: file.sha256 })), sha256 };
}

function filterDocument({ modules, kernel, retry, allowInUse }: PlanFilter): PlanDocument["filter"] {
  const names = modules.map(({ name, version }) => (version === undefined ? name : `${name}/${version}`));
  return { modules: names, kernel: kernel ?? null, allow_in_use: allowInUse === true, retry };
}

/** One change; `source` is null for what no document lists. */
export function changeDocument({
  address,
  actions,
  reason,
  drift,
  before,
  after,
  source,
  stepIds,
}: Change): ChangeDocument {
  return { address, actions, reason, drift, before, after, source: sourceDocument(source), step_ids: stepIds };
}

function stepDocument({ id, kind, address, dependsOn, reason }: Step): PlanDocument["steps"][number] {
  return { id, kind, address, depends_on: dependsOn, reason };
}

/** One wanted instance that cannot be reached. */
export function blockedDocument({ address, reason, code, text, remedy, source }: Blocked): BlockedDocument {
  return { address, reason, code, text, remedy, source: sourceDocument(source) };
}

/** One wanted instance that its dkms.conf excludes. */
export function notApplicableDocument({ address, text, source }: NotApplicable): NotApplicableDocument {
  return { address, text, source: sourceDocument(source) };
}

/** The counts. */
export function summaryDocument({ notApplicable, ...counts }: PlanSummary): SummaryDocument {
  return { ...counts, not_applicable: notApplicable };
}

function sourceDocument(source: SourcePosition | undefined): SourceDocument {
  return source ? { file: source.file, line: source.line, column: source.column } : null;
}
