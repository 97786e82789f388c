import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fail } from "../../src/dkms/failure.ts";
import { eventMessage, outcomeMessage } from "../../src/report/event-message.ts";
import { blockedPlan, donePlan, events, outcome, plan, stepResult } from "./event-samples.ts";

const message = suite("eventMessage");

message("one line for each kind of event", () => {
  assert.equal(Object.values(events).map(eventMessage), [
    "Waiting for another run to end (process 7)",
    "Hm.",
    "evdi/1.14.1@K1/x86_64: add, build, install, since it is not built for this kernel",
    "Plan: 1 to install.",
    "build evdi/1.14.1@K1/x86_64: started, since it is not built for this kernel",
    "build evdi/1.14.1@K1/x86_64: CLEAN is deprecated",
    "build evdi/1.14.1@K1/x86_64: done in 1.2 s",
    "build evdi/1.14.1@K1/x86_64: failed after 1.2 s: make failed",
    "build evdi/1.14.1@K1/x86_64: skipped, since add:evdi/1.14.1 failed",
    "build evdi/1.14.1@K1/x86_64: taking it back",
    "build evdi/1.14.1@K1/x86_64: taken back",
    "Applied: 1 step done in 1.2 s; everything wanted is there now.",
  ]);
});

message("a step that found all done says so", () => {
  const event = { ...events.step_complete, changed: false };
  assert.is(eventMessage(event), "build evdi/1.14.1@K1/x86_64: was so already");
});

message("what could not be taken back is said once", () => {
  const failure = fail("E_IO", "Cannot take back what was done: it broke.").error;
  const said = eventMessage({ ...events.undo_complete, failure });
  assert.is(said, "build evdi/1.14.1@K1/x86_64: Cannot take back what was done: it broke.");
});
message.run();

const ending = suite("outcomeMessage");

ending("nothing had to be done", () => {
  assert.is(outcomeMessage(outcome()), "Nothing to do: the one wanted instance is as it should be.");
});

ending("something failed: what was done, what was not, what is left", () => {
  const steps = (["done", "failed", "skipped", "undone"] as const).map(stepResult);
  const said = outcomeMessage(outcome({ steps, remaining: plan }));
  assert.is(said, "Failed: 1 step done, 1 failed, 1 skipped, 1 taken back in 1.2 s; 1 change still to make.");
});

ending("stopped before the end", () => {
  const said = outcomeMessage(outcome({ steps: [stepResult("done")], interrupted: true, remaining: plan }));
  assert.is(said, "Stopped: 1 step done in 1.2 s; 1 change still to make: run apply again.");
});

ending("what is blocked is not there", () => {
  const said = outcomeMessage(outcome({ steps: [stepResult("done")], remaining: blockedPlan }));
  assert.is(said, "Applied: 1 step done in 1.2 s; 1 blocked.");
});

ending("nobody could look", () => {
  const said = outcomeMessage(outcome({ steps: [stepResult("unchanged")], remaining: undefined }));
  assert.is(said, "Applied: 1 step done in 1.2 s; what is there now could not be told.");
});

ending("an empty plan is success only if it was seen", () => {
  assert.not.match(outcomeMessage(outcome({ remaining: plan })), "Nothing to do");
  assert.is(donePlan.changes.length, 0);
});
ending.run();
