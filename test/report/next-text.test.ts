import { suite } from "uvu";
import * as assert from "uvu/assert";
import { nextText } from "../../src/report/next-text.ts";
import { historyOf, lines, now, told } from "../rig/told-history.ts";

const next = suite("nextText");
const { by, end, failed, intent, refused, start, step, verb } = lines;

next("a failure that comes back as long as nothing changes is left alone by the next run", () => {
  const other = { ...failed, id: "build:other/1@6.1/x86_64", code: "E_IO" };
  const after = (given: readonly object[]) =>
    nextText(
      historyOf(given).runs.map((one) => ({ ...one, waiting: one.run.steps.slice(0, 1) })),
      now,
    ) ?? "";
  const nextTry = "2026-01-02T04:30:00.000Z";
  const left = { ...end, remaining: { blocked: 1 }, left: { nextTry } };
  assert.match(
    after([start, failed, left]),
    /^The next apply leaves what failed alone until its next try is due \(2026-01-02 04:30:00Z\), /,
  );
  const both = /^The next apply tries again what failed; it leaves build demo\/1@6.1\/x86_64 alone until /;
  assert.match(after([start, failed, other, left]), both);
  const more = { ...left, remaining: { blocked: 1, install: 2 } };
  assert.match(
    after([start, failed, more]),
    /^The next apply takes up 2 changes that are left, and leaves what failed /,
  );
  assert.match(
    told([start, { ...failed, code: "E_BROKEN_MODULE" }, { ...end, remaining: { blocked: 1 } }])[1],
    "looks again",
  );
  const forgotten = { ...end, remaining: { install: 1 } };
  assert.match(
    after([start, failed, forgotten]),
    /^The next apply leaves what failed alone until its next try is due, /,
  );
  const due = { ...left, left: { nextTry: "2026-01-02T03:30:00.000Z" } };
  assert.is(after([start, failed, due]), "The next apply tries again what failed.");
});

next(
  "after a run that could do nothing, the next one does what was left before, if what was in the way is gone",
  () => {
    const after = (exit: number, code = "E_X", before: readonly object[] = [end]) =>
      told([...before, { ...refused, code, exit }])[1];
    const goesOn = "ends what the run that was cut off left running, clears what it left lying, and goes on";
    assert.is(
      after(75, "E_LOCKED"),
      "The next apply compares everything with the documents anew, as soon as it gets the lock.",
    );
    assert.match(after(75, "E_LOCKED", [start, intent]), `The next apply ${goesOn} from what is there, as soon as`);
    assert.match(
      after(65),
      /^The next apply is refused as well, until the documents are mended; then it compares everything/,
    );
    assert.match(after(65, "E_X", [start, intent]), `until the documents are mended; then it ${goesOn}`);
    assert.match(after(78), "is refused as well, until the host can run it; then it compares");
    assert.match(after(80), "until the documents ask for something else, or what forbids it is lifted; then it");
    assert.match(after(1, "E_CANCELLED", []), "The next apply compares everything with the documents anew.");
    assert.match(after(1, "E_IO"), "The next apply tries again: it compares everything");
    const plan = { command: "apply PLANFILE", code: "E_STALE_PLAN", exit: 79 };
    assert.match(told([end, { ...refused, ...plan }])[1], "make a new one. An apply without one compares everything");
  },
);

next(
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

next("a run that goes on comes before one that found the lock held", () => {
  const { runs } = historyOf([start, intent, refused]);
  const going = runs.map((one) => (one.ending === "cut-off" ? { ...one, ending: "running" as const } : one));
  assert.is(nextText(going, now, "process 7"), "The run holds the lock: the next apply waits for its end.");
  const holder = "process 7 (dkms build), since 10 o'clock";
  assert.is(nextText(runs, now, holder), `The lock is held by ${holder}: the next apply waits for its end.`);
});

next("a run that was about a part says nothing of the rest", () => {
  const narrow = { ...end, ...by, run: "2", modules: ["demo"] };
  assert.match(told([{ ...end, ...by }, narrow])[1], "nothing to do, unless");
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

next(
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

next.run();
