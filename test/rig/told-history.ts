import { endingOf, stoppedSteps } from "../../src/apply/journal-run.ts";
import { journalLines, journalRuns } from "../../src/apply/journal-runs.ts";
import { historyText, type ToldHistory } from "../../src/report/history-text.ts";
import { nextText } from "../../src/report/next-text.ts";
import { nextTry } from "../../src/report/next-try.ts";
import { plainTerminal } from "../../src/report/terminal.ts";

const at = "2026-01-02T03:04:05.678Z";
/** When the history is told. */
export const now = new Date("2026-01-02T04:00:00.000Z");
const by = { uid: 0, user: "root", login: { uid: 1000, user: "alice" }, command: "apply", engine: "builtin" };
const id = "build:demo/1@6.1/x86_64";

/** Lines of a journal, of one apply unless `run` says something else. */
export const lines = {
  by,
  start: { type: "run_start", desired: "d", summary: { install: 1 }, ...by },
  intent: { type: "step_intent", id, reason: "not-built" },
  result: { type: "step_result", id, result: "done", durationMs: 1200 },
  failed: { type: "step_result", id, result: "failed", code: "E_MAKE", message: "make failed", durationMs: 1200 },
  end: { type: "run_end", changed: true, interrupted: false, failed: 0, remaining: {}, durationMs: 2000 },
  refused: { type: "run_refused", run: "r", code: "E_LOCKED", message: "It is held.", exit: 75, ...by },
  verb: { type: "command_end", startedAt: at, uid: 0, user: "root", command: "dkms install", durationMs: 2000 },
  step: { id, at, result: "done", durationMs: 1200 },
};

/** What is said about the runs of these lines, and then about the next one. */
export function told(given: readonly object[], isRunning = false): readonly [string, string] {
  const shown = historyText(historyOf(given, isRunning), plainTerminal, { verbose: false });
  const [runs = "", next = ""] = shown.trimEnd().split("\n\n");
  return [runs, next];
}

export function historyOf(given: readonly object[], isRunning = false): ToldHistory {
  const journal = given.map((line) => JSON.stringify({ run: "1", at, ...line })).join("\n");
  const runs = journalRuns(journalLines(journal)).map((run) => {
    return { run, ending: endingOf(run, isRunning), waiting: [], stopped: stoppedSteps(run) };
  });
  return { runs, next: nextText(runs, now), nextTry: nextTry(runs, now) };
}
