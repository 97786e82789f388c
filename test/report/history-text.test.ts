import { suite } from "uvu";
import * as assert from "uvu/assert";
import { endingOf, journalLines, journalRuns } from "../../src/apply/journal-runs.ts";
import { historyDocument } from "../../src/report/history-document.ts";
import { historyText, nextText, type ToldHistory } from "../../src/report/history-text.ts";
import { plainTerminal } from "../../src/report/terminal.ts";

const text = suite("historyText");

const at = "2026-01-02T03:04:05.678Z";
const by = { uid: 0, user: "root", login: { uid: 1000, user: "alice" }, command: "apply", engine: "builtin" };
const start = { type: "run_start", desired: "d", summary: { install: 1 }, ...by };
const intent = { type: "step_intent", id: "build:demo/1@6.1/x86_64", reason: "not-built" };
const result = { type: "step_result", id: intent.id, result: "done", durationMs: 1200 };
const end = { type: "run_end", changed: true, interrupted: false, failed: 0, remaining: {}, durationMs: 2000 };

/** What is said about one run, and then about the next one. */
function told(lines: readonly object[], isRunning = false): readonly [string, string] {
  const shown = historyText(runsOf(lines, isRunning), plainTerminal, { verbose: false });
  const [runs = "", next = ""] = shown.trimEnd().split("\n\n");
  return [runs, next];
}

function runsOf(lines: readonly object[], isRunning = false): ToldHistory {
  const journal = lines.map((line) => JSON.stringify({ run: "1", at, ...line })).join("\n");
  const runs = journalRuns(journalLines(journal)).map((run) => {
    return { run, ending: endingOf(run, isRunning), waiting: [] };
  });
  return { runs, next: nextText(runs) };
}

const who = "2026-01-02 03:04:05Z  root (alice)  ";

text("tells when, who and what was done", () => {
  const [line, next] = told([start, intent, result, end]);
  assert.is(line, `${who}1 step done in 2.0 s`);
  assert.match(next, "nothing to do, unless");
});

text("a run that was killed was cut off during a step, and the next one goes on", () => {
  const [line, next] = told([start, intent]);
  assert.is(
    line,
    `${who}cut off during build demo/1@6.1/x86_64, by a kill, a power cut or a full disk; 0 steps done before`,
  );
  assert.match(next, "goes on from what is there");
  assert.match(told([start])[0], "cut off before its first step");
  assert.match(told([start, intent, result])[0], "cut off after build demo/1@6.1/x86_64,");
});

text("a run that goes on is not taken for one that was killed", () => {
  const [line, next] = told([start, intent], true);
  assert.is(line, `${who}going on during build demo/1@6.1/x86_64; 0 steps done so far`);
  assert.match(next, "waits for its end");
});

text("a failure is told with its step, its message and its code, and what was taken back", () => {
  const failed = { ...result, result: "failed", code: "E_MAKE", message: "make failed" };
  const undone = { ...result, id: "add:demo/1", result: "undone" };
  const [line, next] = told([start, failed, undone, { ...end, failed: 1, remaining: { install: 1 } }]);
  assert.match(line, "failed at build demo/1@6.1/x86_64: make failed [E_MAKE]; 0 steps done, 1 taken back in 2.0 s");
  assert.match(line, "; 1 change still to make");
  assert.match(next, "tries again what failed");
});

text("a failure that comes back as long as nothing changes is left alone by the next run", () => {
  const failed = { ...result, result: "failed", code: "E_MAKE", message: "make failed" };
  const other = { ...failed, id: "build:other/1@6.1/x86_64", code: "E_IO" };
  const next = (lines: readonly object[]) =>
    nextText(runsOf(lines).runs.map((one) => ({ ...one, waiting: one.run.steps.slice(0, 1) }))) ?? "";
  assert.match(next([start, failed, end]), /^The next apply leaves what failed alone until its next try is due, /);
  const both = /^The next apply tries again what failed; it leaves build demo\/1@6.1\/x86_64 alone until /;
  assert.match(next([start, failed, other, end]), both);
});

text("a run that was asked to stop, and one that met something blocked", () => {
  const [stopped, goesOn] = told([start, { ...end, interrupted: true, remaining: { install: 2 } }]);
  assert.match(stopped, "stopped on request; 0 steps done in 2.0 s; 2 changes still to make");
  assert.match(goesOn, "goes on where that run stopped");
  const [blocked, looks] = told([{ ...end, remaining: { blocked: 2 } }]);
  assert.match(blocked, "nothing to do; 2 blocked");
  assert.match(looks, "what is blocked (2)");
});

text("runs with nothing to do share one line, also those of earlier versions, which do not say who", () => {
  const [line] = told([end, { ...end, run: "2" }, { ...end, run: "3" }]);
  assert.is(line, "2026-01-02 03:04:05Z  ?  nothing to do, 3 times since 2026-01-02 03:04:05Z");
});

const verb = { type: "command_end", startedAt: at, uid: 0, user: "root", command: "dkms install", durationMs: 2000 };
const step = { id: intent.id, at, result: "done", durationMs: 1200 };

text("a verb of the dkms command says which it was, and the next apply compares anew", () => {
  const [line, next] = told([end, { ...verb, run: "2", steps: [step] }]);
  assert.match(line, "root  dkms install: 1 step done in 2.0 s");
  assert.is(next, "The next apply compares everything with the documents anew: dkms install came last.");
  const failed = { ...step, result: "failed", code: "E_MAKE", message: "make failed" };
  assert.match(told([{ ...verb, steps: [failed] }])[0], "dkms install: failed at build demo/1@6.1/x86_64: make failed");
  assert.match(told([{ ...verb, steps: [], interrupted: true }])[0], "dkms install: stopped on request");
});

text(
  "what an apply has left to do stays so whatever verb comes after it, and a verb that did nothing changes nothing",
  () => {
    assert.match(told([start, intent, { ...verb, run: "2", steps: [step] }])[1], "goes on from what is there");
    assert.match(told([end, { ...verb, run: "2", steps: [] }])[1], "nothing to do, unless");
    const quiet = [2, 3, 4].map((run) => ({ ...verb, run: String(run), steps: [] }));
    assert.match(told(quiet)[0], "dkms install: nothing to do, 3 times since");
    assert.match(told(quiet)[1], "compares everything with the documents anew");
  },
);

text("an empty journal is no error", () => {
  assert.is(historyText(runsOf([]), plainTerminal, { verbose: false }), "No run is in the journal.\n");
  assert.equal(historyDocument(runsOf([]), "1").next, null);
});

text("the steps are told with -v", () => {
  const shown = historyText(runsOf([start, intent, result, end]), plainTerminal, { verbose: true });
  assert.match(shown, "\n    build demo/1@6.1/x86_64  done in 1.2 s\n");
});

text("the document holds the same, and null for what nobody wrote", () => {
  const { runs, next } = historyDocument(runsOf([start, intent]), "1");
  const [run] = runs;
  assert.is(run?.ending, "cut-off");
  assert.equal(run?.who, { uid: 0, user: "root", login: { uid: 1000, user: "alice" } });
  assert.equal(run?.steps[0], {
    ...{ id: intent.id, reason: "not-built", started_at: at },
    ...{ result: null, code: null, message: null, duration_ms: null },
  });
  assert.match(next ?? "", "The next apply");
});

text.run();
