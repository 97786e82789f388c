import type { Counts, JournalRun, JournalStep, RunEnding } from "../apply/journal-runs.ts";
import { hang, paint, printable, type Terminal, type Tone } from "./terminal.ts";
import { count, duration, lines } from "./words.ts";

/** One run and what became of it. */
export interface ToldRun {
  readonly run: JournalRun;
  readonly ending: RunEnding;
  /** The steps of it whose failure comes back as long as nothing changes, so that the next run waits with them. */
  readonly waiting: readonly JournalStep[];
}

/** The runs to be told, the latest last, and what the next one will do after all that there were. */
export interface ToldHistory {
  readonly runs: readonly ToldRun[];
  readonly next: string | undefined;
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

function runLines({ run, ending, waiting }: ToldRun, widest: number, terminal: Terminal): readonly string[] {
  const first = `${timeText(run.startedAt)}  ${whoText(run).padEnd(widest)}  `;
  const [start = "", ...rest] = hang(first, printable(happened({ run, ending, waiting })), terminal.columns);
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

/** `2026-11-22 16:04:24Z`: UTC, as the journal has it. */
function timeText(iso: string): string {
  return iso.replace("T", " ").replace(/\.\d+Z$/, "Z");
}

/** `root (alice)`: whose rights, and who had logged in. */
function whoText({ caller }: JournalRun): string {
  if (!caller) return "?";
  const { uid, user = String(uid), login } = caller;
  return login && login.uid !== uid ? `${user} (${login.user ?? login.uid})` : user;
}

/** What became of a run, in one sentence without its full stop. */
export function happened(told: ToldRun): string {
  const { isApply, command } = told.run;
  const isPlain = command === undefined || (isApply && !command.startsWith("hook "));
  return isPlain ? outcome(told) : `${command}: ${outcome(told)}`;
}

function outcome({ run, ending }: ToldRun): string {
  switch (ending) {
    case "nothing": {
      const often = run.count > 1 ? `, ${run.count} times since ${timeText(run.since)}` : "";
      return `nothing to do${often}${remainder(run)}`;
    }
    case "done":
      return `${progress(run)}${inTime(run)}${remainder(run)}`;
    case "failed":
      return `${failures(run)}; ${progress(run)}${inTime(run)}${remainder(run)}`;
    case "interrupted":
      return `stopped on request; ${progress(run)}${inTime(run)}${remainder(run)}`;
    case "refused":
      return `nothing could be done: ${run.refused?.message ?? ""} [${run.refused?.code ?? ""}]`;
    case "cut-off":
      return `cut off ${place(run)}, by a kill, a power cut or a full disk; ${progress(run)} before`;
    case "running":
      return `going on ${place(run)}; ${progress(run)} so far`;
  }
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
  const by = engine === "dkms" ? " by the host's dkms" : "";
  return `${count(having("done", "unchanged"), "step")} done${by}${undone > 0 ? `, ${undone} taken back` : ""}`;
}

function inTime({ end }: JournalRun): string {
  return end ? ` in ${duration(end.durationMs)}` : "";
}

/** What was begun and has no result. */
function place({ steps }: JournalRun): string {
  const open = steps.filter(({ result }) => result === undefined).map(stepName);
  if (open.length > 0) return `during ${open.join(" and ")}`;
  return steps.length === 0 ? "before its first step" : `after ${stepName(steps[steps.length - 1])}`;
}

function stepName(step: JournalStep | undefined): string {
  return step ? step.id.replace(":", " ") : "";
}

function remainder({ end }: JournalRun): string {
  const { changes, blocked } = remaining(end?.remaining);
  return `${changes > 0 ? `; ${count(changes, "change")} still to make` : ""}${blocked > 0 ? `; ${blocked} blocked` : ""}`;
}

/** How much of a plan is left to do, by its summary. */
function remaining(counts: Counts | undefined): { readonly changes: number; readonly blocked: number } {
  if (!counts) return { changes: 0, blocked: 0 };
  const { blocked = 0, ...others } = counts;
  const changes = ["install", "rebuild", "build", "uninstall", "remove", "other"].map((name) => others[name] ?? 0);
  return { changes: changes.reduce((sum, one) => sum + one, 0), blocked };
}

/** What the next run will do after all of these, in one sentence; `undefined` if there are none. Pure. */
export function nextText(told: readonly ToldRun[]): string | undefined {
  const at = told.findLastIndex(({ run }) => run.isApply);
  const apply = told[at];
  const since = told.slice(at + 1).findLast(({ ending }) => ending !== "nothing") ?? (apply ? undefined : told.at(-1));
  const owed = apply && nextAfterApply(apply);
  if (since === undefined || (owed !== undefined && owed !== nothingOwed)) return owed;
  return `The next apply compares everything with the documents anew: ${since.run.command ?? "a command"} came last.`;
}

const nothingOwed = "The next apply has nothing to do, unless documents, kernels or sources change.";

function nextAfterApply({ run, ending, waiting }: ToldRun): string {
  const { changes, blocked } = remaining(run.end?.remaining);
  if (ending === "running") return "The run holds the lock: the next apply waits for its end.";
  if (ending === "cut-off")
    return "The next apply ends what that run left running, clears what it left lying, and goes on from what is there.";
  if (ending === "refused") return "The next apply takes up what that run could not, if what kept it is mended.";
  if (ending === "interrupted") return "The next apply goes on where that run stopped.";
  if (ending === "failed") return nextAfterFailure(run, waiting);
  if (changes > 0) return `The next apply takes up ${count(changes, "change")} that this one did not come to.`;
  if (blocked > 0) return `The next apply looks again whether what is blocked (${blocked}) can be done.`;
  return nothingOwed;
}

function nextAfterFailure({ steps }: JournalRun, waiting: readonly JournalStep[]): string {
  if (waiting.length === 0) return "The next apply tries again what failed.";
  const failed = steps.filter(({ result }) => result?.result === "failed");
  const until = "until its next try is due, unless its source, headers or toolchain change, or with --retry";
  if (waiting.length === failed.length) return `The next apply leaves what failed alone ${until}.`;
  const names = waiting.map(stepName).join(" and ");
  return `The next apply tries again what failed; it leaves ${names} alone ${until}.`;
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
