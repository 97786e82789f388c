import { suite } from "uvu";
import * as assert from "uvu/assert";
import { endingOf, stoppedSteps } from "../../src/apply/journal-run.ts";
import { journalLines, journalRuns } from "../../src/apply/journal-runs.ts";
import { historyDocument } from "../../src/report/history-document.ts";
import { historyText, type ToldHistory } from "../../src/report/history-text.ts";
import { nextText } from "../../src/report/next-text.ts";
import { plainTerminal } from "../../src/report/terminal.ts";

const text = suite("historyText");

const at = "2026-01-02T03:04:05.678Z";
const now = new Date("2026-01-02T04:00:00.000Z");
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
    return { run, ending: endingOf(run, isRunning), waiting: [], stopped: stoppedSteps(run) };
  });
  return { runs, next: nextText(runs, now) };
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
    `${who}cut off during build demo/1@6.1/x86_64, by a kill, a power cut, or a full or broken disk; 0 steps done before`,
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
    nextText(
      runsOf(lines).runs.map((one) => ({ ...one, waiting: one.run.steps.slice(0, 1) })),
      now,
    ) ?? "";
  const nextTry = "2026-01-02T04:30:00.000Z";
  const left = { ...end, remaining: { blocked: 1 }, left: { nextTry } };
  assert.match(
    next([start, failed, left]),
    /^The next apply leaves what failed alone until its next try is due \(2026-01-02 04:30:00Z\), /,
  );
  const both = /^The next apply tries again what failed; it leaves build demo\/1@6.1\/x86_64 alone until /;
  assert.match(next([start, failed, other, left]), both);
  const more = { ...left, remaining: { blocked: 1, install: 2 } };
  assert.match(
    next([start, failed, more]),
    /^The next apply takes up 2 changes that are left, and leaves what failed /,
  );
  assert.match(
    told([start, { ...failed, code: "E_BROKEN_MODULE" }, { ...end, remaining: { blocked: 1 } }])[1],
    "looks again",
  );
  const due = { ...left, left: { nextTry: "2026-01-02T03:30:00.000Z" } };
  assert.is(next([start, failed, due]), "The next apply tries again what failed.");
});

text("a run that was asked to stop, and one that met something blocked", () => {
  const [stopped, goesOn] = told([start, { ...end, interrupted: true, remaining: { install: 2 } }]);
  assert.match(stopped, "stopped on request; 0 steps done in 2.0 s; 2 changes still to make");
  const [, looksFirst] = told([start, { ...end, interrupted: true, remaining: { blocked: 1 } }]);
  assert.match(looksFirst, "looks again whether what is blocked (1) can be done");
  assert.match(goesOn, "goes on where the run that was stopped left off");
  const [blocked, looks] = told([{ ...end, remaining: { blocked: 2 } }]);
  assert.match(blocked, "nothing to do; 2 blocked");
  assert.match(looks, "what is blocked (2)");
});

text("runs with nothing to do share one line, also those of earlier versions, which do not say who", () => {
  const [line] = told([end, { ...end, run: "2" }, { ...end, run: "3" }]);
  assert.is(line, "2026-01-02 03:04:05Z  ?  nothing to do, 3 times since 2026-01-02 03:04:05Z");
});

text("a verb that was killed was cut off, and the next apply clears up after it", () => {
  const begun = {
    type: "command_start",
    run: "2",
    id: "install:demo/1",
    uid: 0,
    user: "root",
    command: "dkms install",
  };
  const [line, next] = told([{ ...end, ...by }, begun]);
  assert.match(
    line,
    "root          dkms install: cut off during install demo/1, by a kill, a power cut, or a full or broken disk;",
  );
  assert.match(
    next,
    "ends what dkms install, which was cut off, left running, clears what it left lying, and compares",
  );
});

text("of what is left or blocked the first is named, and when what failed before is tried again", () => {
  const place = { address: "demo/1@6.1/x86_64", reason: "failed-before" };
  const blocked = { blocked: place, nextTry: "2026-01-02T04:30:00.000Z" };
  const quiet = (left: object, counts: object) => told([{ ...end, ...by, remaining: counts, left }]);
  const [line, next] = quiet(blocked, { blocked: 2 });
  assert.match(line, "nothing to do; 2 blocked: demo/1@6.1/x86_64 (failed-before) and 1 more");
  const waits =
    "looks again whether what is blocked (2) can be done; what failed before waits until its next try is due";
  assert.match(next, `${waits} (2026-01-02 04:30:00Z), or for --retry.`);
  const due = quiet({ ...blocked, nextTry: "2026-01-02T03:30:00.000Z" }, { blocked: 2 });
  assert.match(due[1], "can be done, and tries again what failed before.");
  const change = { change: { ...place, reason: "source-changed" } };
  assert.match(quiet(change, { rebuild: 1 })[0], "1 change still to make: demo/1@6.1/x86_64 (source-changed)");
});

text("a stop is no fault of the step that it ended", () => {
  const stopped = { ...result, result: "failed", code: "E_CANCELLED", message: "make was stopped" };
  const other = { ...result, id: "build:other/1@6.1/x86_64", result: "failed", code: "E_MAKE", message: "make failed" };
  const stop = { ...end, interrupted: true, failed: 1, remaining: { install: 1 } };
  const [line, next] = told([start, stopped, stop]);
  assert.match(
    line,
    "stopped on request during build demo/1@6.1/x86_64; 0 steps done in 2.0 s; 1 change still to make",
  );
  assert.match(next, "goes on where the run that was stopped left off");
  assert.match(
    told([start, other, stopped, { ...stop, failed: 2 }])[0],
    "failed at build other/1@6.1/x86_64: make failed",
  );
});

const refused = { type: "run_refused", run: "r", code: "E_LOCKED", message: "It is held.", exit: 75, ...by };

text("a run that could do nothing says why, and for what it was", () => {
  const [line] = told([{ ...refused, count: 3, since: at, modules: ["demo"], kernel: "6.1" }]);
  const often = "nothing could be done, 3 times since 2026-01-02 03:04:05Z: It is held. [E_LOCKED]";
  assert.is(line, `${who}apply --module demo --kernel 6.1: ${often}`);
  assert.match(told([{ ...refused, command: "apply PLANFILE" }])[0], "apply PLANFILE: nothing could be done: It");
});

text(
  "after a run that could do nothing, the next one does what was left before, if what was in the way is gone",
  () => {
    const next = (exit: number, code = "E_X", before: readonly object[] = [end]) =>
      told([...before, { ...refused, code, exit }])[1];
    const goesOn = "ends what the run that was cut off left running, clears what it left lying, and goes on";
    assert.is(
      next(75, "E_LOCKED"),
      "The next apply compares everything with the documents anew, as soon as it gets the lock.",
    );
    assert.match(next(75, "E_LOCKED", [start, intent]), `The next apply ${goesOn} from what is there, as soon as`);
    assert.match(
      next(65),
      /^The next apply is refused as well, until the documents are mended; then it compares everything/,
    );
    assert.match(next(65, "E_X", [start, intent]), `until the documents are mended; then it ${goesOn}`);
    assert.match(next(78), "is refused as well, until the host can run it; then it compares");
    assert.match(next(80), "until the documents ask for something else, or what forbids it is lifted; then it");
    assert.match(next(1, "E_CANCELLED", []), "The next apply compares everything with the documents anew.");
    assert.match(next(1, "E_IO"), "The next apply tries again: it compares everything");
    const plan = { command: "apply PLANFILE", code: "E_STALE_PLAN", exit: 79 };
    assert.match(told([end, { ...refused, ...plan }])[1], "make a new one. An apply without one compares everything");
  },
);

text(
  "what was refused before a run that was not says nothing of the next one, nor does a verb that was refused",
  () => {
    assert.match(
      told([
        { ...refused, exit: 65, code: "E_X" },
        { ...end, ...by },
      ])[1],
      "nothing to do, unless",
    );
    const { engine: _, ...verb } = { ...refused, command: "dkms install" };
    assert.match(told([{ ...end, ...by }, verb])[0], "dkms install: nothing could be done");
    assert.match(told([{ ...end, ...by }, verb])[1], "nothing to do, unless");
  },
);

text("a run that goes on comes before one that found the lock held", () => {
  const { runs } = runsOf([start, intent, refused]);
  const going = runs.map((one) => (one.ending === "cut-off" ? { ...one, ending: "running" as const } : one));
  assert.is(nextText(going, now, "process 7"), "The run holds the lock: the next apply waits for its end.");
  const holder = "process 7 (dkms build), since 10 o'clock";
  assert.is(nextText(runs, now, holder), `The lock is held by ${holder}: the next apply waits for its end.`);
});

text("a run that was about a part says nothing of the rest", () => {
  const narrow = { ...end, ...by, run: "2", modules: ["demo"] };
  assert.match(told([{ ...end, ...by }, narrow])[1], "nothing to do, unless");
  const failed = { ...result, result: "failed", code: "E_MAKE", message: "make failed" };
  const about = "anew: apply --module demo came last, which was not about everything.";
  assert.match(told([start, failed, { ...end, remaining: { install: 1 } }, narrow])[1], about);
  assert.match(told([start, failed, end])[1], "nothing to do, unless");
  assert.match(told([narrow])[1], about);
  assert.match(told([{ ...end, ...by, plan: "P1" }])[1], "anew: a saved plan came last");
  assert.match(
    told([
      { ...end, ...by },
      { ...narrow, remaining: { blocked: 1 } },
    ])[1],
    "looks again whether",
  );
  const blocked = { ...end, ...by, remaining: { blocked: 1 } };
  assert.match(told([blocked, narrow])[1], about, "what was blocked may be so still");
  const removed = { ...verb, run: "3", command: "dkms remove", steps: [step] };
  assert.match(told([{ ...end, ...by }, removed, narrow])[1], about, "nor of what a verb did to the rest");
  assert.match(told([{ ...end, ...by }, { ...removed, steps: [] }, narrow])[1], "nothing to do, unless");
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
  "whether a verb did what an apply had left to do nobody knows, and a verb that did nothing changes nothing",
  () => {
    const both = "anew: an apply has left something to do, and dkms install came after it.";
    assert.match(told([start, intent, { ...verb, run: "2", steps: [step] }])[1], both);
    assert.match(told([start, intent, { ...verb, run: "2", steps: [] }])[1], "goes on from what is there");
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
