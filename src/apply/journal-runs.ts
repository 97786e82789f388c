import { fieldsOf, parseJson } from "../dkms/json-fields.ts";
import type { Caller } from "../host/caller.ts";

/** One run as the journal tells it; or, of several one after the other that did nothing and say the same, the last one. */
export interface JournalRun {
  readonly id: string;
  /** False for a command that knows no documents and no plan: a verb of the dkms command, for example. */
  readonly isApply: boolean;
  /** ISO 8601, UTC; for a run that did nothing, when it ended. */
  readonly startedAt: string;
  /** `undefined`: the run goes on, or was cut off. */
  readonly end: RunEnd | undefined;
  /** `undefined`: it could begin. */
  readonly refused: RunRefusal | undefined;
  /** `undefined` in what earlier versions wrote. */
  readonly caller: Caller | undefined;
  readonly command: string | undefined;
  readonly engine: string | undefined;
  readonly toolVersion: string | undefined;
  /** The plan_id of a saved plan that it applied. */
  readonly planId: string | undefined;
  /** SHA-256 of the documents; `undefined` for a run with nothing to do. */
  readonly desired: string | undefined;
  readonly planned: Counts | undefined;
  /** In the order in which they began. */
  readonly steps: readonly JournalStep[];
  /** How many runs this one stands for, itself included. */
  readonly count: number;
  /** When the first of them ran. */
  readonly since: string;
}

/** Why a run could not do anything. */
export interface RunRefusal {
  readonly code: string;
  readonly message: string;
}

export interface RunEnd {
  readonly at: string;
  readonly interrupted: boolean;
  /** Of a new plan after it all. */
  readonly remaining: Counts | undefined;
  readonly durationMs: number;
}

/** A plan's summary: how many instances, by what happens to them. */
export type Counts = Readonly<Record<string, number>>;

export interface JournalStep {
  readonly id: string;
  /** A reason code of the plan. */
  readonly reason: string | undefined;
  readonly startedAt: string;
  /** `undefined`: it was begun, and nobody wrote what became of it. */
  readonly result: StepEnd | undefined;
}

export interface StepEnd {
  readonly result: string;
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly durationMs: number;
}

/** One line of the journal: at least these are there. */
export interface JournalLine {
  readonly type: string;
  readonly run: string;
  readonly at: string;
  readonly fields: ReadonlyMap<string, unknown>;
}

/** The lines of a journal that can be read: half a line, which a power cut leaves, tells nothing. Pure. */
export function journalLines(text: string): readonly JournalLine[] {
  return text.split("\n").flatMap((line) => parseLine(line) ?? []);
}

/** The same lines by run, oldest first. Pure. */
export function linesByRun(lines: readonly JournalLine[]): ReadonlyMap<string, readonly JournalLine[]> {
  const groups = new Map<string, JournalLine[]>();
  for (const line of lines) {
    const group = groups.get(line.run);
    if (group) group.push(line);
    else groups.set(line.run, [line]);
  }
  return groups;
}

/** The type of the one line that tells of a command that is no apply. */
export const commandEnd = "command_end";

/** The type of the line that stays of a run that is not told any more: which saved plan it applied. */
export const forgottenRun = "run_forgotten";

/** The type of the one line of a run that could not do anything. */
export const refusedRun = "run_refused";

/** The runs of a journal, oldest first. Pure. */
export function journalRuns(lines: readonly JournalLine[]): readonly JournalRun[] {
  const told = lines.filter(({ type }) => type !== forgottenRun);
  return joinQuietRuns([...linesByRun(told).values()].map(toRun));
}

/** What became of a run. `refused`: it could not do anything. `cut-off`: nobody wrote how it ended, since it was killed or the machine went down. */
export type RunEnding = "nothing" | "done" | "failed" | "interrupted" | "refused" | "cut-off" | "running";

/** How a run ended, if `isRunning` tells that it is not going on still. */
export function endingOf(run: JournalRun, isRunning: boolean): RunEnding {
  if (run.refused) return "refused";
  if (!run.end) return isRunning ? "running" : "cut-off";
  if (run.steps.some(({ result }) => result?.result === "failed")) return "failed";
  if (run.end.interrupted) return "interrupted";
  return isQuiet(run) ? "nothing" : "done";
}

/** Whether a run had nothing to do and ended well. */
export function isQuiet({ steps, end, planned }: JournalRun): boolean {
  return steps.length === 0 && end !== undefined && planned === undefined;
}

/** Of runs one after the other that had nothing to do, and differ in nothing but their time, the last stands for all. */
function joinQuietRuns(runs: readonly JournalRun[]): readonly JournalRun[] {
  const joined: JournalRun[] = [];
  for (const run of runs) {
    const before = joined.at(-1);
    if (before && isQuiet(before) && isQuiet(run) && quietKey(before) === quietKey(run)) {
      joined[joined.length - 1] = { ...run, count: before.count + run.count, since: before.since };
    } else joined.push(run);
  }
  return joined;
}

function quietKey({ caller, command, engine, toolVersion, planId, end }: JournalRun): string {
  return JSON.stringify([caller, command, engine, toolVersion, planId, end?.interrupted, end?.remaining]);
}

function toRun(lines: readonly JournalLine[]): JournalRun {
  const [first] = lines;
  const start = lines.find(({ type }) => type === "run_start");
  const ended = lines.find(({ type }) => type === "run_end" || type === commandEnd);
  const refusal = lines.find(({ type }) => type === refusedRun);
  const by = (start ?? ended ?? refusal)?.fields ?? new Map<string, unknown>();
  const startedAt = textOf(ended?.fields.get("startedAt")) ?? first?.at ?? "";
  return {
    id: first?.run ?? "",
    isApply: ended?.type !== commandEnd,
    startedAt,
    end: ended && toEnd(ended),
    refused: refusal && toRefusal(refusal),
    caller: toCaller(by),
    command: textOf(by.get("command")),
    engine: textOf(by.get("engine")),
    toolVersion: textOf(by.get("version")),
    planId: textOf(by.get("plan")),
    desired: textOf(start?.fields.get("desired")),
    planned: countsOf(start?.fields.get("summary")),
    steps: toSteps(lines),
    count: numberOf(ended?.fields.get("count")) ?? 1,
    since: textOf(ended?.fields.get("since")) ?? startedAt,
  };
}

function toEnd({ at, fields }: JournalLine): RunEnd {
  return {
    at,
    interrupted: fields.get("interrupted") === true,
    remaining: countsOf(fields.get("remaining")),
    durationMs: numberOf(fields.get("durationMs")) ?? 0,
  };
}

function toRefusal({ fields }: JournalLine): RunRefusal {
  return { code: textOf(fields.get("code")) ?? "", message: textOf(fields.get("message")) ?? "" };
}

function toCaller(fields: ReadonlyMap<string, unknown>): Caller | undefined {
  const uid = numberOf(fields.get("uid"));
  if (uid === undefined) return undefined;
  const login = fieldsOf(fields.get("login"));
  const loginUid = numberOf(login?.get("uid"));
  return {
    uid,
    user: textOf(fields.get("user")),
    login: loginUid === undefined ? undefined : { uid: loginUid, user: textOf(login?.get("user")) },
  };
}

function toSteps(lines: readonly JournalLine[]): readonly JournalStep[] {
  const ofCommand = lines.find(({ type }) => type === commandEnd)?.fields.get("steps");
  if (Array.isArray(ofCommand)) return ofCommand.flatMap((one: unknown) => toDoneStep(fieldsOf(one)) ?? []);
  const steps = new Map<string, JournalStep>();
  for (const { type, at, fields } of lines) {
    const id = textOf(fields.get("id"));
    if (id === undefined) continue;
    const step = steps.get(id) ?? { id, reason: undefined, startedAt: at, result: undefined };
    if (type === "step_intent") steps.set(id, { ...step, reason: textOf(fields.get("reason")) });
    if (type === "step_result") steps.set(id, { ...step, result: toStepEnd(fields) });
  }
  return [...steps.values()];
}

function toDoneStep(fields: ReadonlyMap<string, unknown> | undefined): JournalStep | undefined {
  const [id, startedAt] = ["id", "at"].map((name) => textOf(fields?.get(name)));
  if (!fields || id === undefined || startedAt === undefined) return undefined;
  return { id, reason: undefined, startedAt, result: toStepEnd(fields) };
}

function toStepEnd(fields: ReadonlyMap<string, unknown>): StepEnd {
  return {
    result: textOf(fields.get("result")) ?? "",
    code: textOf(fields.get("code")),
    message: textOf(fields.get("message")),
    durationMs: numberOf(fields.get("durationMs")) ?? 0,
  };
}

function parseLine(line: string): JournalLine | undefined {
  const fields = fieldsOf(parseJson(line));
  const [type, run, at] = ["type", "run", "at"].map((name) => textOf(fields?.get(name)));
  if (!fields || type === undefined || run === undefined || at === undefined) return undefined;
  return { type, run, at, fields };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function countsOf(value: unknown): Counts | undefined {
  const fields = fieldsOf(value);
  if (!fields) return undefined;
  return Object.fromEntries([...fields].flatMap(([key, one]) => (typeof one === "number" ? [[key, one]] : [])));
}
