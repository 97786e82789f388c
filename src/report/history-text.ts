import type { JournalRun, LeftPlace, RunEnding } from "../apply/journal-run.ts";
import { hang, paint, printable, type Terminal, type Tone } from "./terminal.ts";
import { commandText, isWhole, remaining, stepName, type ToldRun, timeText } from "./told-run.ts";
import { count, duration, lines } from "./words.ts";

/** The runs to be told, the latest last, and what the next one will do after all that there were. */
export interface ToldHistory {
  readonly runs: readonly ToldRun[];
  readonly next: string | undefined;
  /** When the first of what failed before is tried again. */
  readonly nextTry: string | undefined;
}

/**
 * One line for each run, the latest last: when, who, what happened; with `verbose` its steps below it. The last line says
 * what the next run will do.
 */
export function historyText(
  { runs: told, next }: ToldHistory,
  terminal: Terminal,
  { verbose }: { readonly verbose: boolean },
): string {
  if (next === undefined) return "No run is in the journal.\n";
  const widest = Math.max(...told.map(({ run }) => whoText(run).length));
  const rows = told.flatMap((one) => [
    ...runLines(one, widest, terminal),
    ...(verbose ? stepLines(one, terminal) : []),
  ]);
  return `${lines(rows)}\n${lines(hang("", next, terminal.columns))}`;
}

function runLines(told: ToldRun, widest: number, terminal: Terminal): readonly string[] {
  const { run, ending } = told;
  const first = `${timeText(run.startedAt)}  ${whoText(run).padEnd(widest)}  `;
  const [start = "", ...rest] = hang(first, printable(happened(told)), terminal.columns);
  return [first + paint(terminal, tones[ending], start.slice(first.length)), ...rest];
}

const tones: Readonly<Record<RunEnding, Tone>> = {
  nothing: "quiet",
  done: "good",
  failed: "bad",
  interrupted: "change",
  refused: "bad",
  "cut-off": "bad",
  running: "change",
};

/** `root (alice)`: whose rights, and who had logged in. */
function whoText({ caller }: JournalRun): string {
  if (!caller) return "?";
  const { uid, user = String(uid), login } = caller;
  return login && login.uid !== uid ? `${user} (${login.user ?? login.uid})` : user;
}

/** What became of a run, in one sentence without its full stop. */
export function happened(told: ToldRun): string {
  const { isApply, command } = told.run;
  const isPlain = command === undefined || (isApply && isWhole(told.run) && !/^hook | PLANFILE$/.test(command));
  return isPlain ? outcome(told) : `${commandText(told.run)}: ${outcome(told)}`;
}

function outcome({ run, ending, stopped }: ToldRun): string {
  switch (ending) {
    case "nothing":
      return `nothing to do${often(run)}${remainder(run)}`;
    case "done":
      return `${progress(run)}${inTime(run)}${remainder(run)}`;
    case "failed":
      return `${failures(run)}; ${progress(run)}${inTime(run)}${remainder(run)}`;
    case "interrupted":
      return `stopped on request${by(run)}${during(stopped)}; ${progress(run)}${inTime(run)}${remainder(run)}`;
    case "refused":
      return `nothing could be done${often(run)}: ${run.refused?.message ?? ""} [${run.refused?.code ?? ""}]`;
    case "cut-off":
      return `cut off ${place(run)}, by a kill, a power cut, or a full or broken disk; ${progress(run)} before`;
    case "running":
      return `going on ${place(run)}; ${progress(run)} so far`;
  }
}

function often({ count: times, since }: JournalRun): string {
  return times > 1 ? `, ${times} times since ${timeText(since)}` : "";
}

function failures({ steps }: JournalRun): string {
  const failed = steps.filter(({ result }) => result?.result === "failed");
  const [first] = failed;
  if (!first) return "failed";
  const more = failed.length > 1 ? ` (and ${failed.length - 1} more)` : "";
  return `failed at ${stepName(first)}: ${first.result?.message ?? ""} [${first.result?.code ?? ""}]${more}`;
}

function progress({ steps, engine }: JournalRun): string {
  const having = (...results: readonly string[]) =>
    steps.filter(({ result }) => result !== undefined && results.includes(result.result)).length;
  const undone = having("undone");
  const engineText = engine === "dkms" ? " by the host's dkms" : "";
  return `${count(having("done", "unchanged"), "step")} done${engineText}${undone > 0 ? `, ${undone} taken back` : ""}`;
}

function inTime({ end }: JournalRun): string {
  return end ? ` in ${duration(end.durationMs)}` : "";
}

/** What was begun and has no result. */
function place({ steps }: JournalRun): string {
  const open = steps.filter(({ result }) => result === undefined);
  if (open.length > 0) return during(open).trimStart();
  return steps.length === 0 ? "before its first step" : `after ${stepName(steps[steps.length - 1])}`;
}

function by({ end }: JournalRun): string {
  return end?.signal === undefined ? "" : ` (${end.signal})`;
}

function during(steps: JournalRun["steps"]): string {
  return steps.length === 0 ? "" : ` during ${steps.map(stepName).join(" and ")}`;
}

function remainder({ end, steps }: JournalRun): string {
  const { changes, blocked } = remaining(end?.remaining);
  // What failed has been named already.
  const isNamed = steps.some(({ result }) => result?.result === "failed");
  const first = (place: LeftPlace | undefined, all: number) => (isNamed ? "" : firstText(place, all));
  const changeText =
    changes > 0 ? `; ${count(changes, "change")} still to make${first(end?.left.change, changes)}` : "";
  return `${changeText}${blocked > 0 ? `; ${blocked} blocked${first(end?.left.blocked, blocked)}` : ""}`;
}

function firstText(place: LeftPlace | undefined, all: number): string {
  if (!place) return "";
  return `: ${place.address} (${place.reason})${all > 1 ? ` and ${all - 1} more` : ""}`;
}

function stepLines({ run, ending }: ToldRun, terminal: Terminal): readonly string[] {
  return run.steps.map((step) => {
    const { result } = step;
    const end = result ? `${result.result} in ${duration(result.durationMs)}` : openText(ending);
    const why = result?.message === undefined ? "" : `: ${printable(result.message)}`;
    return paint(terminal, "quiet", `    ${stepName(step)}  ${end}${why}`);
  });
}

function openText(ending: RunEnding): string {
  return ending === "running" ? "going on" : "cut off";
}
