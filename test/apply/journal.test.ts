import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openCommandJournal, openJournal } from "../../src/apply/journal.ts";
import { endingOf } from "../../src/apply/journal-run.ts";
import { journalLines, journalRuns } from "../../src/apply/journal-runs.ts";
import { fail } from "../../src/dkms/failure.ts";
import { journalFile } from "../../src/dkms/state-layout.ts";
import { assemblePlan } from "../../src/plan/assemble-plan.ts";
import { dkmsTree } from "../rig/tree-builder.ts";
import { actualState, desiredState } from "../rig/world.ts";

const journal = suite("openJournal");
const caller = { uid: 0, user: "root", login: { uid: 1000, user: "alice" } };
const facts = { caller, command: "apply", engine: "builtin", toolVersion: "1.2.3" };
const quietEnd = { steps: [], changes: [], changed: false, interrupted: false, remaining: undefined, durationMs: 1 };

journal("appends one object a line for each start, intent, result and end, all of one run", () => {
  const tree = dkmsTree();
  try {
    const host = tree.host({ clock: () => new Date("2026-01-02T03:04:05.678Z") });
    host.files.makeDirectory(host.paths.state);
    const desired = desiredState({ "a/1": {} });
    const plan = assemblePlan(desired, actualState({ sources: { "a/1": { inTree: "s" } } }));
    const [step] = plan.steps;
    assert.ok(step);
    const { start, intent, result, end } = openJournal(host, facts);
    start(desired, plan);
    intent(step);
    const { id, kind, address } = step;
    const failure = fail("E_MAKE", "make failed").error;
    result({ id, kind, address, result: "failed", failure, durationMs: 7 });
    end({ steps: [], changes: [], changed: false, interrupted: true, remaining: plan, durationMs: 9 });
    const lines = (host.files.readText(journalFile(host.paths)) ?? "").trimEnd().split("\n");
    const entries: Record<string, unknown>[] = lines.map((line) => JSON.parse(line));
    assert.equal(
      entries.map(({ type }) => type),
      ["run_start", "step_intent", "step_result", "run_end"],
    );
    assert.is(new Set(entries.map(({ run }) => run)).size, 1);
    const { uid, user, login, command, engine, version } = entries[0] ?? {};
    assert.equal(
      [uid, user, login, command, engine, version],
      [0, "root", { uid: 1000, user: "alice" }, "apply", "builtin", "1.2.3"],
    );
    assert.is(entries[1]?.id, "add:a/1");
    assert.is(entries[2]?.code, "E_MAKE");
    assert.is(entries[3]?.interrupted, true);
  } finally {
    tree.remove();
  }
});

journal("notes a command that is no apply when it begins, and when it is done with its steps", () => {
  const tree = dkmsTree();
  try {
    const startedAt = new Date("2026-01-02T03:04:05.000Z");
    let now = startedAt;
    const host = tree.host({ clock: () => now });
    host.files.makeDirectory(host.paths.state);
    const failure = fail("E_MAKE", "make failed").error;
    const times = { startedAt, durationMs: 5 };
    const { start, end } = openCommandJournal(host, { caller, command: "dkms install", toolVersion: "1.2.3" });
    const told = () => journalRuns(journalLines(host.files.readText(journalFile(host.paths)) ?? ""));
    start("install:a/1");
    const [killed] = told();
    assert.equal(
      [killed?.isApply, killed?.command, killed && endingOf(killed, false)],
      [false, "dkms install", "cut-off"],
    );
    assert.equal(killed?.steps[0]?.id, "install:a/1");
    // The clock is set back meanwhile.
    now = new Date("2025-01-02T03:04:07.000Z");
    end([
      { id: "add:a/1", result: "done", ...times },
      { id: "build:a/1@k/x", result: "failed", failure, ...times },
    ]);
    const [run, ...more] = told();
    assert.equal(more, []);
    assert.equal([run?.isApply, run?.command, run?.startedAt], [false, "dkms install", startedAt.toISOString()]);
    assert.equal([run?.end?.at, run?.caller], [now.toISOString(), caller]);
    const durationMs = run?.end?.durationMs ?? -1;
    assert.ok(durationMs >= 0 && durationMs < 60_000, String(durationMs));
    assert.equal(
      run?.steps.map(({ id, result }) => [id, result?.result, result?.code]),
      [
        ["add:a/1", "done", undefined],
        ["build:a/1@k/x", "failed", "E_MAKE"],
      ],
    );
  } finally {
    tree.remove();
  }
});

journal("of a run with nothing to do, the one line tells who it was", () => {
  const tree = dkmsTree();
  try {
    const host = tree.host();
    host.files.makeDirectory(host.paths.state);
    openJournal(host, facts).end(quietEnd);
    const text = host.files.readText(journalFile(host.paths)) ?? "";
    assert.is(text.split("\n").length, 2);
    assert.match(text, /"type":"run_end".*"user":"root".*"command":"apply"/);
  } finally {
    tree.remove();
  }
});

journal("half a line, which a power cut left, does not spoil the lines that follow", () => {
  const tree = dkmsTree();
  try {
    const host = tree.host();
    host.files.makeDirectory(host.paths.state);
    openJournal(host, facts).end(quietEnd);
    host.files.append(journalFile(host.paths), '{"type":"run_st');
    openJournal(host, facts).end(quietEnd);
    const lines = (host.files.readText(journalFile(host.paths)) ?? "").trimEnd().split("\n");
    assert.equal(
      lines.map((line) => JSON.parse(line).type),
      ["run_end", "run_end"],
    );
  } finally {
    tree.remove();
  }
});

journal("ten thousand runs with nothing to do leave a journal of bounded size that still counts them", () => {
  const tree = dkmsTree();
  try {
    const host = tree.host();
    host.files.makeDirectory(host.paths.state);
    openJournal(host, facts).end(quietEnd);
    const file = journalFile(host.paths);
    const line = host.files.readText(file) ?? "";
    const runs = Array.from({ length: 10_000 }, (_, index) => line.replace(/"run":"/, `"run":"${index}-`));
    host.files.writeAtomic(file, runs.join(""), 0o600);
    openJournal(host, facts).end(quietEnd);
    const text = host.files.readText(file) ?? "";
    assert.ok(text.length < 1000, `${text.length} characters`);
    assert.is(journalRuns(journalLines(text))[0]?.count, 10_001);
    assert.is(host.files.stat(file)?.mode, 0o600);
  } finally {
    tree.remove();
  }
});

journal.run();
