import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { compactJournal } from "../../src/apply/compact-journal.ts";
import { journalLines, journalRuns } from "../../src/apply/journal-runs.ts";

const compact = suite("compactJournal");

compact("leaves alone what is not too large", () => {
  assert.is(compactJournal(""), undefined);
  assert.is(compactJournal(quiet(1), { largest: 1000, kept: 500 }), undefined);
});

compact("takes half a line away, and nothing else", () => {
  assert.is(compactJournal(`${quiet(1)}{"type":"run`), quiet(1));
});

compact("makes one line of runs that did nothing and say the same, and keeps between them what did something", () => {
  const text = [quiet(1), quiet(2), working(3), quiet(4), quiet(5), quiet(6, "bob")].join("");
  const compacted = compactJournal(text, { largest: 10, kept: 10_000 }) ?? "";
  assert.equal(
    journalRuns(journalLines(compacted)).map(({ id, count, steps }) => [id, count, steps.length]),
    [
      ["run-2", 2, 0],
      ["run-3", 1, 1],
      ["run-5", 2, 0],
      ["run-6", 1, 0],
    ],
  );
  assert.is(compacted.trimEnd().split("\n").length, 7);
});

compact("treats verbs of the dkms command alike, whose runs are one line each, steps included", () => {
  const verb = (at: number, steps: readonly object[], command = "dkms autoinstall") => {
    const times = { at: `t${at}`, startedAt: `s${at}`, durationMs: 1 };
    return `${JSON.stringify({ type: "command_end", run: `run-${at}`, ...times, uid: 0, command, steps })}\n`;
  };
  const built = { id: "build:demo/1@k/x", at: "t3", result: "done", durationMs: 1 };
  const text = [verb(1, []), verb(2, []), verb(3, [built]), verb(4, []), verb(5, [], "dkms install")].join("");
  const compacted = compactJournal(text, { largest: 10, kept: 10_000 }) ?? "";
  assert.equal(
    journalRuns(journalLines(compacted)).map(({ id, count, since, steps }) => [id, count, since, steps.length]),
    [
      ["run-2", 2, "s1", 0],
      ["run-3", 1, "s3", 1],
      ["run-4", 1, "s4", 0],
      ["run-5", 1, "s5", 0],
    ],
  );
  assert.is(compacted.trimEnd().split("\n").length, 4);
});

compact("makes one line of runs that could not do anything, also where others had nothing to do between them", () => {
  const text = [refused(1), quiet(2), refused(3), quiet(4), refused(5, "E_LOCKED"), working(6), refused(7)].join("");
  const compacted = compactJournal(text, { largest: 10, kept: 10_000 }) ?? "";
  assert.equal(
    journalRuns(journalLines(compacted)).map(({ id, count, since }) => [id, count, since]),
    [
      ["run-3", 2, "t1"],
      ["run-4", 2, "t2"],
      ["run-5", 1, "t5"],
      ["run-6", 1, "t6"],
      ["run-7", 1, "t7"],
    ],
  );
});

compact("runs that could not do anything do not push out those that did", () => {
  const many = Array.from({ length: 100 }, (_, index) => refused(index + 10, `E_${index}`));
  const text = [working(1), ...many, working(2)].join("");
  const kept = working(1).length * 2 + refused(10).length * 20;
  const runs = journalRuns(journalLines(compactJournal(text, { largest: 10, kept }) ?? ""));
  assert.equal([runs.at(0)?.id, runs.at(-1)?.id], ["run-1", "run-2"]);
  assert.ok(runs.length > 3 && runs.length < 10, `${runs.length}`);
  assert.is(runs.at(-2)?.refused?.code, "E_99", "the latest are kept");
});

compact("lets the oldest runs go where that is not enough, and never the last one", () => {
  const runs = [1, 2, 3, 4].map(working);
  const size = working(1).length;
  assert.is(compactJournal(runs.join(""), { largest: 10, kept: 2 * size }), runs.slice(2).join(""));
  assert.is(compactJournal(runs.join(""), { largest: 10, kept: 1 }), runs[3]);
});

compact("which saved plans were applied is not forgotten with the runs, and is no run in the history", () => {
  const applied = working(1).replaceAll('"desired"', '"plan":"P1","desired"');
  const once = compactJournal(applied + working(2), { largest: 10, kept: 1 }) ?? "";
  const twice = compactJournal(once + working(3), { largest: 10, kept: 1 }) ?? "";
  assert.is(journalLines(twice).find(({ fields }) => fields.get("plan") === "P1")?.at, "t1");
  assert.equal(
    journalRuns(journalLines(twice)).map(({ id }) => id),
    ["run-3"],
  );
});

compact("whatever the runs were: the same history, once or twice, as if it had not been compacted", () => {
  const run = fc.constantFrom(
    (number: number) => quiet(number),
    (number: number) => quiet(number, "bob"),
    (number: number) => refused(number),
    (number: number) => refused(number, "E_LOCKED"),
    quietVerb,
    working,
    cutOff,
  );
  fc.assert(
    fc.property(fc.array(run, { maxLength: 12 }), fc.nat({ max: 12 }), (makers, middle) => {
      const texts = makers.map((make, index) => make(index));
      const limits = { largest: 0, kept: 1_000_000 };
      const before = texts.slice(0, middle).join("");
      const earlier = compactJournal(before, limits) ?? before;
      const all = earlier + texts.slice(middle).join("");
      const compacted = compactJournal(all, limits) ?? all;
      assert.equal(journalRuns(journalLines(compacted)), journalRuns(journalLines(texts.join(""))));
    }),
  );
});

compact.run();

const line = (fields: object) => `${JSON.stringify(fields)}\n`;
const by = (user: string) => ({ uid: 0, user, command: "apply", engine: "builtin", version: "1" });

function quiet(number: number, user = "alice"): string {
  const end = { changed: false, interrupted: false, failed: 0, remaining: { blocked: 0 }, durationMs: number };
  return line({ type: "run_end", run: `run-${number}`, at: `t${number}`, ...end, ...by(user) });
}

function quietVerb(number: number): string {
  const run = { run: `run-${number}`, at: `t${number}`, uid: 0, command: "dkms install" };
  const end = { type: "command_end", ...run, startedAt: `t${number}`, steps: [], durationMs: 1 };
  return line({ type: "command_start", ...run, id: "install:a/1" }) + line(end);
}

function refused(number: number, code = "E_EMPTY"): string {
  return line({
    type: "run_refused",
    run: `run-${number}`,
    at: `t${number}`,
    code,
    message: "no",
    exit: 65,
    ...by("a"),
  });
}

function cutOff(number: number): string {
  const run = { run: `run-${number}`, at: `t${number}` };
  return (
    line({ type: "run_start", ...run, desired: "d", summary: { install: 1 }, ...by("alice") }) +
    line({ type: "step_intent", ...run, id: "build:a/1@k/x86_64", reason: "not-built" })
  );
}

function working(number: number): string {
  const run = { run: `run-${number}`, at: `t${number}` };
  return (
    cutOff(number) +
    line({ type: "step_result", ...run, id: "build:a/1@k/x86_64", result: "done", durationMs: 7 }) +
    line({ type: "run_end", ...run, changed: true, interrupted: false, failed: 0, durationMs: 9 })
  );
}
