import { suite } from "uvu";
import * as assert from "uvu/assert";
import { historyOf, lines } from "../rig/told-history.ts";

const next = suite("nextTry");
const { end, failed, refused, start, step, verb } = lines;

const time = "2026-01-02T04:30:00.000Z";
const left = { ...end, remaining: { blocked: 1 }, left: { nextTry: time } };
const after = (...given: readonly object[]) => historyOf(given).nextTry;

next(
  "is told as the last apply that could do something has left it, whatever was refused or done by verbs since",
  () => {
    assert.is(after(start, failed, left), time);
    assert.is(after(start, failed, left, refused, { ...verb, run: "2", steps: [step] }), time);
    assert.is(after(start, failed, left, { ...end, run: "2" }), undefined);
  },
);

next("is none without runs, where nothing waits, and where its time has come", () => {
  assert.is(after(), undefined);
  assert.is(after(start, end), undefined);
  assert.is(after(start, failed, { ...left, left: { nextTry: "2026-01-02T04:00:00.000Z" } }), undefined);
});

next.run();
