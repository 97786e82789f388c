import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ApplyEvent } from "../../src/apply/event.ts";
import { fail } from "../../src/dkms/failure.ts";
import { type ApplyTextOptions, createApplyText } from "../../src/report/apply-text.ts";
import { plainTerminal } from "../../src/report/terminal.ts";
import { blockedPlan, events, outcome, stepResult } from "./event-samples.ts";
import { text } from "./terminal-of.ts";

const loud = { quiet: false, verbose: false };

function tell(given: readonly ApplyEvent[], options: ApplyTextOptions = loud): { out: string; err: string } {
  const say = createApplyText({ out: plainTerminal, err: plainTerminal }, options);
  const said = given.map(say);
  return { out: said.map(({ out }) => out).join(""), err: said.map(({ err }) => err).join("") };
}

const told = suite("createApplyText");

told("the plan, a line for each step, the end", () => {
  const { planned_change, change_summary, step_start, step_complete, run_complete } = events;
  const { out, err } = tell([planned_change, change_summary, step_start, step_complete, run_complete]);
  assert.is(
    out,
    text`
        + evdi/1.14.1@K1/x86_64  add, build, install  it is not built for this kernel

      Plan: 1 to install.

        + build evdi/1.14.1@K1/x86_64: done in 1.2 s

      Applied: 1 step done in 1.2 s; everything wanted is there now.
    `,
  );
  assert.is(err, "");
});

told("nothing to do is one line", () => {
  const { out } = tell([events.change_summary, { type: "run_complete", outcome: outcome() }]);
  assert.is(out, "Nothing to do: the one wanted instance is as it should be.\n");
});

told("a failure and what is blocked go to stderr, where nobody throws them away", () => {
  const end = {
    type: "run_complete",
    outcome: outcome({ steps: [stepResult("failed")], remaining: blockedPlan }),
  } as const;
  const { out, err } = tell([events.step_errored, end]);
  assert.not.match(out, "E_MAKE");
  assert.match(
    err,
    /^error: build evdi\/1\.14\.1@K1\/x86_64: make failed\. \[E_MAKE\]\n {4}\| no\n {4}the whole log: \/make\.log\n/,
  );
  assert.match(err, /! jool\/4\.1\.9@K1\/x86_64 {2}blocked {2}there is no source/);
});

told("what is blocked stands apart from the sentence below it also where nothing was done", () => {
  const { out, err } = tell([{ type: "run_complete", outcome: outcome({ remaining: blockedPlan }) }]);
  assert.match(err, /\n\n$/);
  assert.not.match(out, /^\n/);
});

told("what could not be taken back is said once, with its step and what to do", () => {
  const message = "Cannot take back what was done: no space left.";
  const failure = fail("E_NO_SPACE", message, { remedy: "Free space." }).error;
  const event = { ...events.undo_complete, failure } as const;
  assert.equal(tell([event]), {
    out: "",
    err: "error: build evdi/1.14.1@K1/x86_64: Cannot take back what was done: no space left. [E_NO_SPACE]\n    → Free space.\n",
  });
});

told("with --quiet only failures, what is blocked, and that something changed", () => {
  const all = Object.values(events);
  const quiet = tell(all, { quiet: true, verbose: false });
  assert.is(quiet.out, "Applied: 1 step done in 1.2 s; everything wanted is there now.\n");
  assert.match(quiet.err, "E_MAKE");
  const idle = tell([events.change_summary, { type: "run_complete", outcome: outcome() }], {
    quiet: true,
    verbose: false,
  });
  assert.equal(idle, { out: "", err: "" });
});

told("that a reboot is required is one line at the end, and none where nothing happened with --quiet", () => {
  const reboot = {
    required: true,
    reasons: ["evdi/1.0 is loaded from another build", "jool/4 is loaded from another"],
  };
  const end = (more: object) => ({ type: "run_complete", outcome: outcome({ reboot, ...more }) }) as const;
  const line = "Reboot required: evdi/1.0 is loaded from another build; jool/4 is loaded from another.\n";
  assert.is(tell([end({})]).out, `Nothing to do: the one wanted instance is as it should be.\n${line}`);
  const quiet = { quiet: true, verbose: false };
  assert.is(tell([end({})], quiet).out, "");
  assert.ok(tell([end({ steps: [stepResult("done")], changed: true })], quiet).out.endsWith(line));
});

told("with --verbose also that a step starts", () => {
  assert.match(tell([events.step_start], { quiet: false, verbose: true }).out, "started");
  assert.is(tell([events.step_start]).out, "");
});

told("what a script printed cannot command the terminal", () => {
  const { out } = tell([{ ...events.step_output, text: "\u001b]0;gone\u0007careful" }]);
  assert.is(out, "  ! build evdi/1.14.1@K1/x86_64: careful\n");
});
told.run();
