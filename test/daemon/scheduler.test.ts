import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { atRest, type DaemonAction, type DaemonEvent, react } from "../../src/daemon/scheduler.ts";

/** What becomes of some events, one after the other, from a daemon that has nothing to do. */
function actionsOf(...events: readonly DaemonEvent[]): readonly DaemonAction[] {
  let state = atRest;
  return events.flatMap((event) => {
    const reaction = react(state, event);
    state = reaction.state;
    return reaction.actions;
  });
}

const ended = { type: "ended", moved: false, unfinished: false } as const;
const scheduler = suite("react");

scheduler("a change waits until it has settled, and is then looked at", () => {
  assert.equal(actionsOf({ type: "change" }), [{ type: "settle" }]);
  assert.equal(actionsOf({ type: "settled" }), [{ type: "run", cause: "change" }]);
});

scheduler("whatever is wanted during a run is done by one run after it", () => {
  const during = [{ type: "due" }, { type: "settled" }, { type: "due" }] as const;
  assert.equal(actionsOf({ type: "start" }, ...during, ended, ended), [
    { type: "run", cause: "start" },
    { type: "run", cause: "schedule" },
  ]);
});

scheduler("a reload that is asked for during a run is not forgotten for a lesser reason", () => {
  const [, second] = actionsOf({ type: "start" }, { type: "reload" }, { type: "due" }, ended);
  assert.equal(second, { type: "run", cause: "reload" });
});

scheduler("what moved during a run settles before the next one", () => {
  assert.equal(actionsOf({ type: "start" }, { ...ended, moved: true }).slice(1), [{ type: "settle" }]);
});

scheduler("a run that could not do everything is made up later", () => {
  const [, wait, again] = actionsOf({ type: "start" }, { ...ended, unfinished: true }, { type: "retry" });
  assert.equal([wait, again], [{ type: "wait" }, { type: "run", cause: "retry" }]);
});

scheduler("a stop ends the run, and the daemon after it; nothing begins any more", () => {
  assert.equal(actionsOf({ type: "stop" }, { type: "due" }), [{ type: "exit" }]);
  const late = [{ type: "due" }, { type: "reload" }, { type: "stop" }] as const;
  assert.equal(actionsOf({ type: "start" }, { type: "due" }, { type: "stop" }, ...late, ended, { type: "due" }), [
    { type: "run", cause: "start" },
    { type: "stop-run" },
    { type: "exit" },
  ]);
});

interface RunEnd {
  /** The run itself has changed what counts. */
  readonly ownChange: boolean;
  readonly locked: boolean;
}

/** `unseen`: the system has told nobody. */
type Happening = "change" | "unseen change" | "look" | "due" | "reload" | "settled" | "retry" | RunEnd;

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.constantFrom("change", "unseen change", "look", "due", "reload", "settled", "retry"),
  fc.record({ ownChange: fc.boolean(), locked: fc.boolean() }),
);

/** The daemon in a world whose state is a number, without clocks and disks; it checks each action. */
function simulate() {
  let state = atRest;
  const world = { version: 0, looked: 0, isStopped: false };
  const alarms = new Set<DaemonAction["type"]>();
  /** `seen`: what the last run that had the lock can be sure to have seen. */
  const run = { isOn: false, from: -1, seen: -1, count: 0 };
  const perform = ({ type }: DaemonAction) => {
    if (type === "settle" || type === "wait") alarms.add(type);
    if (type === "stop-run") assert.ok(run.isOn);
    if (type === "exit") assert.not(run.isOn, "an exit during a run");
    if (type !== "run") return;
    assert.not(run.isOn, "two runs at once");
    assert.not(world.isStopped, "a run after the stop");
    Object.assign(run, { isOn: true, from: world.version, count: run.count + 1 });
    world.looked = world.version;
    alarms.clear();
  };
  const tell = (event: DaemonEvent) => {
    const reaction = react(state, event);
    state = reaction.state;
    for (const action of reaction.actions) perform(action);
  };
  const look = () => {
    if (run.isOn || world.looked === world.version) return;
    world.looked = world.version;
    tell({ type: "change" });
  };
  const end = ({ ownChange, locked }: RunEnd) => {
    if (!run.isOn) return;
    if (ownChange && !locked) world.version += 1;
    const moved = world.version !== run.from;
    Object.assign(run, { isOn: false, seen: locked ? run.seen : run.from });
    world.looked = world.version;
    tell({ type: "ended", moved, unfinished: locked });
  };
  const happen = (what: Happening) => {
    if (typeof what === "object") return end(what);
    if (what === "change" || what === "unseen change") world.version += 1;
    if (what === "change" || what === "look") look();
    if (what === "due" || what === "reload") tell({ type: what });
    if (what === "settled" && alarms.delete("settle")) tell({ type: what });
    if (what === "retry" && alarms.delete("wait")) tell({ type: what });
  };
  const stop = () => {
    world.isStopped = true;
    tell({ type: "stop" });
  };
  return { world, run, happen, stop, phase: () => state.phase };
}

scheduler("nothing that changes is lost, whatever happens when, and then there is peace", () => {
  const quiet = [{ ownChange: false, locked: false }, "look", "settled", "retry"] as const;
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
      const { world, run, happen } = simulate();
      for (const what of happenings) happen(what);
      const before = run.count;
      // From here on the world stands still, the alarms ring, and the lock is free.
      for (let round = 0; round < 8; round += 1) for (const what of quiet) happen(what);
      assert.ok(world.version === 0 || run.seen === world.version, `at ${world.version}, seen ${run.seen}`);
      assert.ok(run.count - before <= 3, `${run.count - before} runs in a world that stands still`);
      assert.not(run.isOn);
    }),
    { numRuns: 2000 },
  );
});

scheduler("after a stop no run begins, and the daemon ends", () => {
  const some = fc.array(happening, { maxLength: 30 });
  fc.assert(
    fc.property(some, some, (before, after) => {
      const { happen, stop, phase } = simulate();
      for (const what of before) happen(what);
      stop();
      for (const what of after) happen(what);
      happen({ ownChange: true, locked: false });
      assert.is(phase(), "stopped");
    }),
    { numRuns: 500 },
  );
});

scheduler.run();
