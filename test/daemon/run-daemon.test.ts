import { once } from "node:events";
import { mock } from "node:test";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { DaemonNote } from "../../src/daemon/daemon-note.ts";
import { runDaemon } from "../../src/daemon/run-daemon.ts";
import { defaultDaemonSettings } from "../../src/desired-state/settings.ts";
import { holdLock } from "../rig/dpkg-lock.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";

const [second, minute, hour] = [1000, 60_000, 3_600_000];

/** A daemon in a time of its own. */
interface Virtual {
  readonly tree: TreeBuilder;
  /** Writes the file to which a document is a link: the system tells nobody of it. */
  readonly elsewhere: (text: string) => void;
  /** The time that it is, from 2026-01-01 00:00 UTC on, and why a run began: `0:00 start`. */
  readonly runs: () => readonly string[];
  /** What the service manager has heard. */
  readonly heard: readonly string[];
  /** Lets time go by; `asleep`: all at once, as for who has slept. */
  readonly pass: (ms: number, asleep?: "asleep") => Promise<void>;
  /** What the runs from now on answer; `undefined`: they never end. */
  readonly answer: (exitCode: number | undefined) => void;
}

const start = Date.UTC(2026, 0, 1);

async function inVirtualTime(work: (daemon: Virtual) => Promise<void>, watchdogMs?: number): Promise<void> {
  const tree = dkmsTree();
  const elsewhere = (text: string) => void tree.write("elsewhere/a.yaml", text);
  elsewhere("");
  tree.link(tree.at("elsewhere/a.yaml"), "documents/linked.yaml");
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: start });
  const controller = new AbortController();
  const notes: string[] = [];
  const heard: string[] = [];
  const ends: (() => void)[] = [];
  let exitCode: number | undefined = 0;
  const tell = (note: DaemonNote) => {
    if (note.type === "run") notes.push(`${timeOfDay(Date.now() - start)} ${note.cause}`);
  };
  const daemon = runDaemon({
    orders: () =>
      Promise.resolve({
        host: tree.host(),
        settings: { ...defaultDaemonSettings, schedule: "0 */4 * * *", timezone: "UTC", jitterMs: 0 },
        scope: { documents: [tree.at("documents")], settings: tree.at("config.yaml"), modules: [] },
      }),
    run: () =>
      exitCode === undefined ? new Promise((resolve) => ends.push(() => resolve(1))) : Promise.resolve(exitCode),
    codes: { locked: 75, unfinished: [1] },
    tell,
    manager: {
      watchdogMs,
      notify: (variables) => {
        heard.push(...variables);
        return Promise.resolve(true);
      },
      heard: () => Promise.resolve(),
    },
    status: String,
    elapsedMs: () => Date.now() - start,
    machine: "m",
    signal: controller.signal,
  });
  try {
    await settle();
    await work({
      tree,
      elsewhere,
      runs: () => notes.splice(0),
      heard,
      pass: async (ms, asleep) => {
        for (let left = ms; left > 0; left -= second) {
          mock.timers.tick(asleep ? left : second);
          await settle();
          if (asleep) return;
        }
      },
      answer: (code) => {
        exitCode = code;
      },
    });
  } finally {
    controller.abort("SIGTERM");
    for (const end of ends) end();
    await daemon;
    mock.timers.reset();
    tree.remove();
  }
}

/** Until all that waits for no time has been done. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

function timeOfDay(ms: number): string {
  return `${Math.floor(ms / hour)}:${String(Math.floor((ms % hour) / minute)).padStart(2, "0")}`;
}

const virtual = suite("runDaemon");

virtual("runs at once, then at the times of the schedule", () =>
  inVirtualTime(async ({ runs, pass }) => {
    await pass(8 * hour + minute);
    assert.equal(runs(), ["0:00 start", "4:00 schedule", "8:00 schedule"]);
  }),
);

virtual("whoever has slept makes up for it once", () =>
  inVirtualTime(async ({ runs, pass }) => {
    await pass(minute);
    await pass(13 * hour, "asleep");
    await pass(minute);
    assert.equal(runs(), ["0:00 start", "13:01 schedule"]);
  }),
);

virtual("sees within a minute what the system tells nobody of, and lets it settle", () =>
  inVirtualTime(async ({ elsewhere, runs, pass }) => {
    await pass(5.5 * minute);
    elsewhere("changed");
    await pass(3 * minute);
    assert.equal(runs(), ["0:00 start", "0:06 change"]);
    await pass(3 * hour);
    assert.equal(runs(), []);
  }),
);

testNeeding(
  virtual,
  ["ansible"],
  "what changes while dpkg is at work is looked at after it, or after five minutes",
  () =>
    inVirtualTime(async ({ tree, elsewhere, runs, pass }) => {
      const dpkg = await holdLock(tree.write("var/lib/dpkg/lock", ""));
      try {
        await pass(5.5 * minute);
        elsewhere("changed");
        await pass(4 * minute);
        assert.equal(runs(), ["0:00 start"]);
        await pass(10 * minute);
        assert.equal(runs(), ["0:11 change"], "it waits for an answer to a question");
        elsewhere("again");
        await pass(2 * minute);
      } finally {
        dpkg.stdin?.end();
        await once(dpkg, "exit");
      }
      assert.equal(runs(), []);
      await pass(minute);
      assert.equal(runs(), ["0:22 change"]);
    }),
);

virtual("what has changed before a run is not looked at again after it", () =>
  inVirtualTime(async ({ elsewhere, runs, pass, answer }) => {
    answer(1);
    await pass(4 * hour, "asleep");
    answer(0);
    await pass(9.5 * minute);
    elsewhere("changed");
    await pass(30 * minute);
    assert.equal(runs(), ["0:00 start", "4:00 schedule", "4:10 retry"]);
  }),
);

virtual("what never settles is looked at all the same", () =>
  inVirtualTime(async ({ tree, runs, pass }) => {
    for (let count = 0; count < 40; count += 1) {
      // Of another size each time: so little time goes by outside that the times of files may be the same.
      tree.write("documents/a.yaml", "x".repeat(count));
      await pass(20 * second);
      // The minute's look would be too seldom to be never.
      tree.write("documents/b.yaml", "x".repeat(count));
    }
    const changes = runs().filter((run) => run.endsWith("change"));
    assert.ok(changes.length >= 1 && changes.length <= 4, changes.join());
  }),
);

virtual("what failed is tried again after ten minutes, then twenty, and so on; what succeeds ends that", () =>
  inVirtualTime(async ({ runs, pass, answer }) => {
    answer(1);
    await pass(4 * hour, "asleep");
    runs();
    await pass(71 * minute);
    assert.equal(runs(), ["4:10 retry", "4:30 retry", "5:10 retry"]);
    answer(0);
    await pass(90 * minute);
    assert.equal(runs(), ["6:30 retry"]);
    await pass(80 * minute);
    assert.equal(runs(), ["8:00 schedule"]);
  }),
);

virtual("who finds the lock taken comes back soon", () =>
  inVirtualTime(async ({ runs, pass, answer }) => {
    answer(75);
    await pass(4 * hour, "asleep");
    runs();
    await pass(70 * second);
    assert.equal(runs(), ["4:00 retry", "4:01 retry"]);
  }),
);

virtual("a service manager feels the pulse three times in its period", () =>
  inVirtualTime(async ({ heard, pass }) => {
    const beats = () => heard.filter((one) => one === "WATCHDOG=1").length;
    const before = beats();
    await pass(30 * second);
    assert.is(beats() - before, 10);
  }, 9 * second),
);

virtual("a run that never ends has no pulse after a day", () =>
  inVirtualTime(async ({ heard, pass, answer }) => {
    answer(undefined);
    await pass(4 * hour, "asleep");
    const beats = () => heard.filter((one) => one === "WATCHDOG=1").length;
    const before = beats();
    await pass(23 * hour, "asleep");
    assert.ok(beats() > before);
    await pass(2 * hour, "asleep");
    const late = beats();
    await pass(hour, "asleep");
    assert.is(beats(), late);
  }, 9 * second),
);

virtual.run();
