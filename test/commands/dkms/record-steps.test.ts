import { suite } from "uvu";
import * as assert from "uvu/assert";
import { recordSteps } from "../../../src/commands/dkms/record-steps.ts";
import { fail } from "../../../src/dkms/failure.ts";

const record = suite("recordSteps");
const failure = fail("E_MAKE", "make failed").error;

/** A clock that is set back by a day each time somebody looks at it. */
function fallingClock(): { readonly clock: () => Date } {
  let now = Date.parse("2026-01-31T03:04:05.000Z");
  return {
    clock: () => {
      now -= 86_400_000;
      return new Date(now);
    },
  };
}

record("tells what was changed, taken back and failed, each with how long it took, whatever the clock does", () => {
  const { tell, steps } = recordSteps(fallingClock(), "install:a/1");
  for (const action of ["add", "build", "install"] as const) {
    tell({ type: "start", action, what: "a/1" });
    tell({ type: "done", action, what: "a/1", changed: action !== "add" });
  }
  tell({ type: "undone", action: "install", what: "a/1" });
  tell({ type: "start", action: "depmod", what: "k/x" });
  tell({ type: "failure", failure });
  assert.equal(
    steps().map(({ id, result, failure }) => [id, result, failure?.code]),
    [
      ["build:a/1", "done", undefined],
      ["install:a/1", "undone", undefined],
      ["depmod:k/x", "failed", "E_MAKE"],
    ],
  );
  for (const { id, durationMs } of steps()) assert.ok(durationMs >= 0 && durationMs < 60_000, `${id}: ${durationMs}`);
});

record("names what an archive held, with where it came from", () => {
  const { tell, steps } = recordSteps(fallingClock(), "ldtarball:a.tar");
  tell({ type: "start", action: "load", what: "a.tar" });
  tell({ type: "found", what: "a.tar", addresses: ["a/1@k/x", "a/1@l/x"] });
  tell({ type: "done", action: "load", what: "a.tar", changed: true });
  const told = ["a/1@k/x", "a/1@l/x"].map((address) => [`load:${address}`, "done", "a.tar"]);
  assert.equal(
    steps().map(({ id, result, source }) => [id, result, source]),
    told,
  );
});

record("a failure of the verb itself has its name, and what only sums up others is left out", () => {
  const alone = recordSteps(fallingClock(), "install:a/1");
  alone.tell({ type: "failure", failure });
  alone.tell({ type: "failure", failure });
  assert.equal(
    alone.steps().map(({ id }) => id),
    ["install:a/1"],
  );
});

record.run();
