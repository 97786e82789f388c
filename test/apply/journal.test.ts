import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openJournal } from "../../src/apply/journal.ts";
import { fail } from "../../src/dkms/failure.ts";
import { journalFile } from "../../src/dkms/tree-layout.ts";
import { assemblePlan } from "../../src/plan/assemble-plan.ts";
import { dkmsTree } from "../rig/tree-builder.ts";
import { actualState, desiredState } from "../rig/world.ts";

const journal = suite("openJournal");

journal("appends one object a line for each start, intent, result and end, all of one run", () => {
  const tree = dkmsTree();
  try {
    const host = tree.host({ clock: () => new Date("2026-01-02T03:04:05.678Z") });
    host.files.makeDirectory(host.paths.state);
    const desired = desiredState({ "a/1": {} });
    const plan = assemblePlan(desired, actualState({ sources: { "a/1": { inTree: "s" } } }));
    const [step] = plan.steps;
    assert.ok(step);
    const { start, intent, result, end } = openJournal(host);
    start(desired, plan);
    intent(step);
    const { id, kind, address } = step;
    const failure = fail("E_MAKE", "make failed").error;
    result({ id, kind, address, result: "failed", failure, durationMs: 7 });
    end({ steps: [], changed: false, interrupted: true, remaining: plan, durationMs: 9 });
    const lines = (host.files.readText(journalFile(host.paths)) ?? "").trimEnd().split("\n");
    const entries: Record<string, unknown>[] = lines.map((line) => JSON.parse(line));
    assert.equal(
      entries.map(({ type }) => type),
      ["run_start", "step_intent", "step_result", "run_end"],
    );
    assert.is(new Set(entries.map(({ run }) => run)).size, 1);
    assert.is(entries[1]?.id, "add:a/1");
    assert.is(entries[2]?.code, "E_MAKE");
    assert.is(entries[3]?.interrupted, true);
  } finally {
    tree.remove();
  }
});

journal.run();
