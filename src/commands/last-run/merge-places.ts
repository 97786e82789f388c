import type { LastRunDocument } from "../../contract/last-run-schema.ts";
import { parseInstanceAddress, parseModuleKey } from "../../dkms/id.ts";
import { type PlanFilter, passes } from "../../plan/resolve-wanted.ts";
import type { Survey, SurveyedPlace } from "../../plan/survey.ts";
import type { EarlierRun } from "./earlier-run.ts";

export type InstanceReport = LastRunDocument["instances"][number];
type Condition = InstanceReport["conditions"][number];
type Told = Omit<Condition, "since">;

export interface MergeFacts {
  readonly earlier: Pick<EarlierRun, "instances">;
  readonly filter: PlanFilter;
  /** Of this run. */
  readonly at: string;
}

/**
 * What is to be said of each place. Of what the run was not about, what an earlier one has found is said again, as long as
 * the same is asked for and nothing is seen to have changed; otherwise that nobody knows. Pure.
 */
export function mergePlaces({ places, isWhole }: Survey, facts: MergeFacts): readonly InstanceReport[] {
  const before = new Map(facts.earlier.instances.map((one) => [one.address, one]));
  const now = places.map((place) => reportOf(place, before.get(place.address), facts.at));
  const seen = new Set(now.map(({ address }) => address));
  const others = isWhole ? [] : facts.earlier.instances.filter((one) => !seen.has(one.address) && isKept(one, facts));
  return [...now, ...others].sort((a, b) => (a.address < b.address ? -1 : 1));
}

/** Instances that are neither wanted nor there are gone; of whole modules a narrowed run has not heard. */
function isKept({ address }: InstanceReport, { filter }: MergeFacts): boolean {
  const module = parseInstanceAddress(address) ? undefined : parseModuleKey(address);
  return module !== undefined && !passes(module, filter);
}

function reportOf(place: SurveyedPlace, earlier: InstanceReport | undefined, at: string): InstanceReport {
  const { address, wanted = null, level, asked = null } = place;
  const known = { address, wanted, level, asked };
  if (place.isMeant) {
    const told = { ...known, drift: place.found?.drift ?? null, blocked: place.blocked?.reason ?? null };
    return { ...told, conditions: since([...judge(place), ...loadedCondition(place)], earlier, at), examined_at: at };
  }
  const holds = earlier && earlier.asked === asked && earlier.level === level && !place.hasProblems;
  if (holds) {
    const conditions = earlier.conditions.filter(({ type }) => type !== "Loaded");
    return { ...earlier, ...known, conditions: since([...conditions, ...loadedCondition(place)], earlier, at) };
  }
  const unknown = { drift: null, blocked: null, examined_at: earlier?.examined_at ?? null };
  const conditions = wanted === null ? [] : [notExamined];
  return { ...known, ...unknown, conditions: since([...conditions, ...loadedCondition(place)], earlier, at) };
}

const notExamined: Told = {
  type: "Ready",
  status: "Unknown",
  reason: "not-examined",
  message: "it changed, or was never looked at, and the last runs were about something else",
};

function judge({ wanted, readiness, change, blocked, found }: SurveyedPlace): readonly Told[] {
  if (wanted === undefined && !change && !blocked) return [];
  const drifted = found?.drift === "corrective" ? found.reason : undefined;
  return [
    readiness ? readyCondition(readiness) : moduleCondition(change?.reason ?? blockReason(blocked)),
    {
      type: "Blocked",
      ...(blocked
        ? { status: "True", reason: blocked.reason, message: blocked.text }
        : { status: "False", reason: "reachable", message: "nothing is in its way" }),
    },
    {
      type: "Drifted",
      ...(drifted
        ? { status: "True", reason: drifted.code, message: drifted.text }
        : { status: "False", reason: "no-drift", message: "it was as an earlier run had left it" }),
    },
  ];
}

function readyCondition({ status, problems }: NonNullable<SurveyedPlace["readiness"]>): Told {
  const [first] = problems;
  const message = problems.map(({ text }) => text).join("; ");
  const isReady = status !== "not-ready";
  if (!first) return { type: "Ready", status: "True", reason: "ready", message: "it is as it is wanted" };
  return { type: "Ready", status: isReady ? "True" : "False", reason: first.reason, message };
}

interface Reason {
  readonly code: string;
  readonly text: string;
}

function blockReason(blocked: SurveyedPlace["blocked"]): Reason | undefined {
  return blocked && { code: blocked.reason, text: blocked.text };
}

function moduleCondition(open: Reason | undefined): Told {
  if (!open) return { type: "Ready", status: "True", reason: "ready", message: "it is as it is wanted" };
  return { type: "Ready", status: "False", reason: open.code, message: open.text };
}

function loadedCondition({ loaded }: SurveyedPlace): readonly Told[] {
  if (loaded === undefined) return [];
  return [{ type: "Loaded", ...loadedTexts[loaded] }];
}

const loadedTexts = {
  no: { status: "False", reason: "not-loaded", message: "it is not loaded" },
  current: { status: "True", reason: "loaded", message: "what is loaded is what is installed" },
  other: { status: "False", reason: "other-loaded", message: "another build or version of it is loaded" },
  unknown: { status: "Unknown", reason: "unknown-loaded", message: "nobody can tell what of it is loaded" },
} as const;

/** A condition that is as it was has been so for as long as before. */
function since(
  told: readonly Told[],
  earlier: Pick<InstanceReport, "conditions"> | undefined,
  at: string,
): readonly Condition[] {
  return told.map((one) => {
    const before = earlier?.conditions.find(({ type }) => type === one.type);
    const { type, status, reason, message } = one;
    const isSame = before?.status === status && before.reason === reason;
    return { type, status, reason, message, since: isSame ? before.since : at };
  });
}
