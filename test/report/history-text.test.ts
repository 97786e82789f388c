import { suite } from "uvu";
import * as assert from "uvu/assert";
import { historyDocument } from "../../src/report/history-document.ts";
import { historyText } from "../../src/report/history-text.ts";
import { plainTerminal } from "../../src/report/terminal.ts";
import { historyOf, lines, told } from "../rig/told-history.ts";

const text = suite("historyText");
const { by, end, failed, intent, refused, result, start, step, verb } = lines;
const at = step.at;
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
  const undone = { ...result, id: "add:demo/1", result: "undone" };
  const [line, next] = told([start, failed, undone, { ...end, failed: 1, remaining: { install: 1 } }]);
  assert.match(line, "failed at build demo/1@6.1/x86_64: make failed [E_MAKE]; 0 steps done, 1 taken back in 2.0 s");
  assert.match(line, "; 1 change still to make");
  assert.match(next, "tries again what failed");
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

text("a run that could do nothing says why, and for what it was", () => {
  const [line] = told([{ ...refused, count: 3, since: at, modules: ["demo"], kernel: "6.1" }]);
  const often = "nothing could be done, 3 times since 2026-01-02 03:04:05Z: It is held. [E_LOCKED]";
  assert.is(line, `${who}apply --module demo --kernel 6.1: ${often}`);
  assert.match(told([{ ...refused, command: "apply PLANFILE" }])[0], "apply PLANFILE: nothing could be done: It");
});

text("a verb of the dkms command says which it was, and the next apply compares anew", () => {
  const [line, next] = told([end, { ...verb, run: "2", steps: [step] }]);
  assert.match(line, "root  dkms install: 1 step done in 2.0 s");
  assert.is(next, "The next apply compares everything with the documents anew: dkms install came last.");
  const failed = { ...step, result: "failed", code: "E_MAKE", message: "make failed" };
  assert.match(told([{ ...verb, steps: [failed] }])[0], "dkms install: failed at build demo/1@6.1/x86_64: make failed");
  assert.match(told([{ ...verb, steps: [], interrupted: true }])[0], "dkms install: stopped on request");
});

text("an empty journal is no error", () => {
  assert.is(historyText(historyOf([]), plainTerminal, { verbose: false }), "No run is in the journal.\n");
  assert.equal(historyDocument(historyOf([]), "1").next, null);
});

text("the steps are told with -v", () => {
  const shown = historyText(historyOf([start, intent, result, end]), plainTerminal, { verbose: true });
  assert.match(shown, "\n    build demo/1@6.1/x86_64  done in 1.2 s\n");
});

text("the document holds the same, and null for what nobody wrote", () => {
  const { runs, next } = historyDocument(historyOf([start, intent]), "1");
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
