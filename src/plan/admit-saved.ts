import type { DesiredState } from "../desired-state/desired-state.ts";
import type { Result } from "../dkms/failure.ts";
import { isRefusal } from "./is-refusal.ts";
import { fingerprint, type Observation, observe } from "./observe.ts";
import type { Plan } from "./plan.ts";
import { refusals } from "./refusals.ts";
import type { PlanFilter } from "./resolve-wanted.ts";
import { restrictPlan } from "./restrict-plan.ts";
import { isOfKernel, type StepId } from "./step.ts";
import type { StepName, World } from "./touched.ts";

/** What is believed of a plan that was made earlier: what it was made from and what its steps are called. No arguments. */
export interface SavedPlan {
  readonly planId: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly machine: MachineFacts;
  readonly desired: Pick<DesiredState, "sha256">;
  readonly filter: PlanFilter;
  readonly steps: readonly StepName[];
  readonly observed: readonly Observation[];
}

/** What a plan is made for. */
export interface MachineFacts {
  /** Of /etc/machine-id; `undefined` if there is none. */
  readonly machineId: string | undefined;
  readonly dkmsTree: string;
  readonly sourceTree: string;
  readonly installTree: string;
}

/** What a plan of earlier is held against: the plan that would be made now, and what it is made from. */
export interface Now extends World {
  readonly machine: MachineFacts;
  readonly plan: Plan;
}

/**
 * The steps of now that a saved plan names, if nothing that it was made from has changed: machine, documents, and what
 * its steps touch. Otherwise what has changed, one sentence each. What the saved plan does not touch
 * may have changed as it likes, and is left as it is. Pure.
 */
export function admitSaved(saved: SavedPlan, now: Now): Result<Plan, readonly string[]> {
  const places = differentPlaces(saved, now);
  if (places.length > 0) return { ok: false, error: places };
  if (saved.desired.sha256 !== now.desired.sha256) return { ok: false, error: ["the documents are not the same"] };
  const observed = observe(saved.steps, now);
  const changes = fingerprint(observed) === fingerprint(saved.observed) ? [] : differences(saved.observed, observed);
  const reasons = changes.length > 0 ? changes : differentSteps(saved.steps, now.plan);
  if (reasons.length > 0) return { ok: false, error: reasons };
  const ids = new Set<StepId>(saved.steps.map(stepIdOf));
  const plan = restrictPlan(now.plan, (id) => ids.has(id));
  const others = plan.diagnostics.filter((one) => !isRefusal(one));
  return { ok: true, value: { ...plan, diagnostics: [...others, ...refusals(plan.steps, now)] } };
}

function stepIdOf({ kind, address }: StepName): StepId {
  return `${kind}:${address}`;
}

const places = [
  ["machineId", "machine"],
  ["dkmsTree", "DKMS tree"],
  ["sourceTree", "source tree"],
  ["installTree", "install tree"],
] as const;

function differentPlaces(saved: SavedPlan, now: Now): readonly string[] {
  return places.flatMap(([key, what]) => {
    const [was, is] = [saved.machine[key] ?? "unknown", now.machine[key] ?? "unknown"];
    return was === is ? [] : [`it was made for another ${what}: ${was}, and this is ${is}`];
  });
}

function differences(saved: readonly Observation[], now: readonly Observation[]): readonly string[] {
  const before = new Map(saved.map(({ address, facts }) => [address, facts]));
  const after = new Map(now.map(({ address, facts }) => [address, facts]));
  const changed = [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((address) => {
    const [was, is] = [before.get(address), after.get(address)];
    if (!was || !is) return [`${address}: ${is ? "it has come into play" : "it is out of play"}`];
    const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
    return names.filter((name) => was[name] !== is[name]).map((name) => `${address}: ${difference(name, was, is)}`);
  });
  // Written by another version, which looked at something else.
  return changed.length > 0 ? changed : ["what it was made from was looked at in another way"];
}

function difference(name: string, was: Observation["facts"], is: Observation["facts"]): string {
  const what = name.replaceAll("_", " ");
  const [before, after] = [was[name] ?? "unknown", is[name] ?? "unknown"];
  return isDigest(before) && isDigest(after) ? `${what} changed` : `${what}: ${told(before)} then, ${told(after)} now`;
}

function isDigest(text: string): boolean {
  return /^([0-9a-f]{16}|[0-9a-f]{64})$/.test(text);
}

function told(fact: string): string {
  return isDigest(fact) ? "something" : fact;
}

/** Nothing is done on the word of a file that its own steps do not bear out. */
function differentSteps(saved: readonly StepName[], { steps }: Plan): readonly string[] {
  const kept = new Set(saved.map(stepIdOf));
  const fresh = new Map(steps.map((step) => [step.id, step]));
  return [...kept].flatMap((id) => {
    const step = fresh.get(id);
    if (!step) return [`${id} is nothing that would be done now`];
    const lacking = isOfKernel(step.kind) ? undefined : step.dependsOn.find((before) => isLacking(before, kept));
    return lacking === undefined ? [] : [`${id} needs ${lacking} before it, which the plan does not have`];
  });
}

/** What is put in order for a module as a whole is for who builds; it was seen above whether this plan's steps need it. */
function isLacking(before: StepId, kept: ReadonlySet<StepId>): boolean {
  return !kept.has(before) && !/^(add|repair|sweep):/.test(before);
}
