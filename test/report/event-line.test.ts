import { suite } from "uvu";
import * as assert from "uvu/assert";
import { eventLine, failureLine, versionLine } from "../../src/report/event-line.ts";
import { blockedPlan, events, failure, outcome, stepResult } from "./event-samples.ts";

const at = new Date("2026-01-02T03:04:05.678Z");
type Line = Record<string, unknown>;

function parse(line: string): Line {
  assert.is(line.indexOf("\n"), line.length - 1, "one line, newline included");
  return JSON.parse(line);
}

const line = suite("eventLine");

line("every event has level, message, time and type, in this order", () => {
  for (const event of Object.values(events)) {
    const parsed = parse(eventLine(event, at));
    assert.equal(Object.keys(parsed).slice(0, 4), ["@level", "@message", "@timestamp", "type"]);
    assert.is(parsed.type, event.type);
    assert.is(parsed["@timestamp"], "2026-01-02T03:04:05.678Z");
  }
});

line("failures are errors, warnings are warnings", () => {
  const levels = Object.values(events).map((event) => parse(eventLine(event, at))["@level"]);
  const info = "info";
  assert.equal(levels, [info, "warn", info, info, info, "warn", info, "error", "warn", info, info, info]);
  const failed = { type: "run_complete", outcome: outcome({ steps: [stepResult("failed")] }) } as const;
  assert.is(parse(eventLine(failed, at))["@level"], "error");
});

line("a planned change is as the plan document has it", () => {
  const { change } = parse(eventLine(events.planned_change, at)) as { change: Line };
  assert.equal(Object.keys(change), ["address", "actions", "reason", "drift", "before", "after", "source", "step_ids"]);
});

line("a failed step has the failure, its log and the time", () => {
  const { step, failure: told, duration_ms } = parse(eventLine(events.step_errored, at));
  const { id, kind, address } = events.step_errored;
  assert.equal(step, { id, kind, address });
  const log = { path: "/make.log", tail: ["no"] };
  assert.equal(told, { code: "E_MAKE", message: "make failed", path: null, remedy: null, log });
  assert.is(duration_ms, 1234);
});

line("the end has every step and what remains", () => {
  const event = { type: "run_complete", outcome: outcome({ steps: [stepResult("failed")], remaining: blockedPlan }) };
  const parsed = parse(eventLine(event as Parameters<typeof eventLine>[0], at)) as { steps: Line[]; remaining: Line };
  assert.is(parsed.steps[0]?.failure_code, "E_MAKE");
  assert.is((parsed.remaining.blocked as Line[])[0]?.reason, "no-source");
});
line.run();

const others = suite("lines that are no events");

others("the first line tells the versions", () => {
  const { type, format_version, tool_version } = parse(versionLine("1.2.3", at));
  assert.equal(
    { type, format_version, tool_version },
    { type: "version", format_version: "1.0", tool_version: "1.2.3" },
  );
});

others("problems of documents and failures of the run have one shape", () => {
  const one = parse(eventLine(events.diagnostic, at)) as Line & { diagnostic: Line };
  const other = parse(failureLine(failure, at)) as Line & { diagnostic: Line };
  assert.equal(Object.keys(one.diagnostic), Object.keys(other.diagnostic));
  assert.is(one.type, "diagnostic");
  assert.is(one["@level"], "warn");
  assert.is(other.diagnostic.code, "E_MAKE");
});
others.run();
