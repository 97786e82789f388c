import { groupBy } from "../dkms/group-by.ts";
import { fieldsOf, parseJson } from "../dkms/json-fields.ts";
import type { Caller } from "../host/caller.ts";
import { foldRuns } from "./fold-runs.ts";
import type { Counts, JournalRun, JournalStep, LeftPlace, RunEnd, RunRefusal, StepEnd } from "./journal-run.ts";

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

/** The same lines as text. Pure. */
export function journalText(lines: readonly JournalLine[]): string {
  return lines.map(({ fields }) => `${JSON.stringify(Object.fromEntries(fields))}\n`).join("");
}

/** The same lines by run, oldest first. Pure. */
export function linesByRun(lines: readonly JournalLine[]): ReadonlyMap<string, readonly JournalLine[]> {
  return groupBy(lines, ({ run }) => run);
}

/** The type of the line that tells what a command that is no apply has done. */
export const commandEnd = "command_end";

/** The type of the line that tells that such a command has begun. */
export const commandStart = "command_start";

/** The type of the line that stays of a run that is not told any more: which saved plan it applied. */
export const forgottenRun = "run_forgotten";

/** The type of the one line of a run that could not do anything. */
export const refusedRun = "run_refused";

/** The runs of a journal, oldest first. Pure. */
export function journalRuns(lines: readonly JournalLine[]): readonly JournalRun[] {
  const told = lines.filter(({ type }) => type !== forgottenRun);
  return foldRuns([...linesByRun(told).values()].map(toRun));
}

function toRun(lines: readonly JournalLine[]): JournalRun {
  const [first] = lines;
  const start = lines.find(({ type }) => type === "run_start" || type === commandStart);
  const ended = lines.find(({ type }) => type === "run_end" || type === commandEnd);
  const refusal = lines.find(({ type }) => type === refusedRun);
  const only = ended ?? refusal;
  const by = (start ?? only)?.fields ?? new Map<string, unknown>();
  const startedAt = textOf(ended?.fields.get("startedAt")) ?? first?.at ?? "";
  return {
    id: first?.run ?? "",
    isApply: ![start?.type, ended?.type].some(isOfCommand) && (refusal === undefined || by.has("engine")),
    startedAt,
    end: ended && toEnd(ended),
    refused: refusal && toRefusal(refusal),
    caller: toCaller(by),
    command: textOf(by.get("command")),
    engine: textOf(by.get("engine")),
    toolVersion: textOf(by.get("version")),
    planId: textOf(by.get("plan")),
    scope: { modules: textsIn(by.get("modules")), kernel: textOf(by.get("kernel")) },
    desired: textOf(start?.fields.get("desired")),
    planned: countsOf(start?.fields.get("summary")),
    steps: toSteps(lines),
    count: numberOf(only?.fields.get("count")) ?? 1,
    since: textOf(only?.fields.get("since")) ?? startedAt,
  };
}

function isOfCommand(type: string | undefined): boolean {
  return type === commandStart || type === commandEnd;
}

function toEnd({ at, fields }: JournalLine): RunEnd {
  return {
    at,
    interrupted: fields.get("interrupted") === true,
    signal: textOf(fields.get("signal")),
    remaining: countsOf(fields.get("remaining")),
    left: toLeft(fieldsOf(fields.get("left"))),
    durationMs: numberOf(fields.get("durationMs")) ?? 0,
  };
}

function toLeft(fields: ReadonlyMap<string, unknown> | undefined): RunEnd["left"] {
  const [change, blocked] = ["change", "blocked"].map((name) => toLeftPlace(fieldsOf(fields?.get(name))));
  return { change, blocked, nextTry: textOf(fields?.get("nextTry")) };
}

function toLeftPlace(fields: ReadonlyMap<string, unknown> | undefined): LeftPlace | undefined {
  const [address, reason] = ["address", "reason"].map((name) => textOf(fields?.get(name)));
  return address === undefined || reason === undefined ? undefined : { address, reason };
}

function toRefusal({ fields }: JournalLine): RunRefusal {
  const [code = "", message = ""] = ["code", "message"].map((name) => textOf(fields.get(name)));
  return { code, message, exitCode: numberOf(fields.get("exit")) };
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
    if (type === "step_intent" || type === commandStart)
      steps.set(id, { ...step, reason: textOf(fields.get("reason")) });
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

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.flatMap((one: unknown) => textOf(one) ?? []) : [];
}

function countsOf(value: unknown): Counts | undefined {
  const fields = fieldsOf(value);
  if (!fields) return undefined;
  return Object.fromEntries([...fields].flatMap(([key, one]) => (typeof one === "number" ? [[key, one]] : [])));
}
