import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { HistoryDocument } from "../../src/contract/history-schema.ts";
import type { AgentRoot } from "../rig/agent.ts";
import { block } from "../rig/blocking.ts";
import { type Daemon, type DaemonOptions, listen, startDaemon } from "../rig/daemon.ts";
import { isRunning } from "../rig/is-running.ts";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";
import { testNeeding } from "../rig/test-needing.ts";

const [release, newer] = ["6.1.0-1-amd64", "6.1.0-2-amd64"];
const needs = ["root", "gcc", "make", "kmod", "flock"] as const;

interface World {
  /** One kernel; evdi is wanted, can be built also for the newer kernel, and is not there. */
  machine: AgentRoot;
  start: (options?: DaemonOptions) => Daemon;
  started: Daemon[];
}

const daemons = suite<World>("dkms-agent daemon");

daemons.before.each((context) => {
  const machine = quickMachine([release, newer]);
  quickModule(machine, "evdi");
  fs.rmSync(machine.at("lib/modules", newer), { recursive: true });
  machine.want(wanted("evdi"));
  configure(machine, "{debounce: 1s}");
  context.machine = machine;
  context.started = [];
  context.start = (options) => {
    const daemon = startDaemon(machine, options);
    context.started.push(daemon);
    return daemon;
  };
});

daemons.after.each(async ({ machine, started }) => {
  for (const daemon of started) daemon.kill("SIGKILL");
  await Promise.all(started.map(({ exitCode }) => exitCode));
  machine.remove();
});

testNeeding(daemons, needs, "applies at once, and ends with 0 when it is asked to", async (_, { machine, start }) => {
  const daemon = start();
  await daemon.line(/^Ready: watching what counts; the next run is due at /);
  await daemon.line(/^A run begins, since the daemon has started\.$/);
  await daemon.line(/^Applied: 4 steps done/);
  assert.ok(isInstalled(machine));
  await end(daemon);
  assert.match((await machine.run("history", "--json")).stdout, /"command": "daemon"/);
});

testNeeding(daemons, needs, "a kernel or module that is not there ends it at once", async (_, { machine, start }) => {
  for (const words of [
    ["--kernel", "6.9.9"],
    ["--json", "--module", "edvi"],
  ]) {
    const daemon = start({ words });
    assert.is(await daemon.exitCode, 64, daemon.said());
    assert.match(daemon.said(), words.includes("edvi") ? "Did you mean" : `There are: ${release}.`);
  }
  assert.not(fs.existsSync(machine.at("var/lib/dkms/.dkms-agent/last-run.json")), "no run has begun");
});

testNeeding(daemons, needs, "a kernel whose headers come later is taken up then", async (_, { machine, start }) => {
  const daemon = start({ words: ["-v"] });
  await atRest(daemon);
  // What the run has changed itself is looked at once more, and that is all.
  await daemon.line(/^A run begins, since .*updates has changed, and 2 more/);
  await daemon.line(/^Nothing to do: the one wanted instance/);
  await atRest(daemon);
  fs.mkdirSync(machine.at("lib/modules", newer));
  fs.writeFileSync(machine.at("lib/modules", newer, "modules.dep"), "");
  await daemon.line(new RegExp(`^A run begins, since .*/${newer} has changed`));
  await atRest(daemon);
  assert.not(isInstalled(machine, newer));
  fs.mkdirSync(machine.at("usr/src/linux-headers/include"), { recursive: true });
  fs.symlinkSync(machine.at("usr/src/linux-headers"), machine.at("lib/modules", newer, "build"));
  await daemon.line(/^A run begins, since .*\/build has changed/);
  await atRest(daemon);
  assert.ok(isInstalled(machine, newer), daemon.said());
  await end(daemon);
});

testNeeding(daemons, needs, "an object that is lost is there again", async (_, { machine, start }) => {
  await machine.apply();
  const daemon = start({ words: ["-v"] });
  await atRest(daemon);
  fs.rmSync(machine.at("lib/modules", release, "updates"), { recursive: true });
  await daemon.line(/^A run begins, since .* has changed/);
  await daemon.line(/^Applied: /);
  assert.ok(isInstalled(machine));
});

testNeeding(daemons, needs, "documents that are not valid change nothing", async (_, { machine, start }) => {
  const daemon = start({ words: ["-v"] });
  await atRest(daemon);
  await daemon.line(/^Nothing to do/);
  await atRest(daemon);
  const documents = machine.at("etc/dkms-agent/desired-state");
  const document = path.join(documents, "modules.yaml");
  const breakages = [
    () => fs.appendFileSync(document, "  - nmae: x\n"),
    // The last valid documents would have it installed: they do not count any more.
    () => fs.rmSync(machine.at("lib/modules", release, "updates"), { recursive: true }),
    () => {
      fs.rmSync(document);
      fs.mkdirSync(document);
    },
    () => fs.rmSync(documents, { recursive: true }),
  ];
  for (const breakOnce of breakages) {
    breakOnce();
    await daemon.line(/^A run begins, since .* changed/);
    await daemon.line(/: error: .*\[E_\w+\]$/);
    await daemon.line(/^The run has ended with 65/);
    assert.is(isInstalled(machine), fs.existsSync(machine.at("lib/modules", release, "updates")));
  }
  assert.not(isInstalled(machine));
  const { runs, next }: HistoryDocument = JSON.parse((await machine.run("history", "--json")).stdout);
  const refused = runs.filter(({ ending, command }) => ending === "refused" && command === "daemon");
  assert.ok(refused.length >= 3 && refused.every(({ refusal }) => refusal?.exit_code === 65));
  assert.match(next ?? "", "The next apply is refused as well, until the documents are mended");
  fs.mkdirSync(documents);
  machine.want(wanted("evdi"));
  await daemon.line(/^Applied: /);
  assert.ok(isInstalled(machine));
  await end(daemon);
});

testNeeding(daemons, needs, "SIGHUP reads the settings anew, also a hundred at once", async (_, { machine, start }) => {
  configure(machine, "{watch: false, schedule: never}");
  const daemon = start({ words: ["-v"] });
  assert.match(await daemon.line(/^Ready/), /watching nothing; no schedule/);
  await atRest(daemon);
  configure(machine, '{watch: false, schedule: "0 0 1 1 *", jitter: 0, timezone: UTC}');
  for (let count = 0; count < 100; count += 1) daemon.kill("SIGHUP");
  await daemon.line(/^A run begins, since it was asked to read everything anew\.$/);
  assert.match(await atRest(daemon), /the next run is due at \d{4}-/);
  configure(machine, "{wacth: false}");
  daemon.kill("SIGHUP");
  await daemon.line(/config\.yaml:2:4: error: There is no key "wacth" in "daemon"/);
  await daemon.line(/^The run has ended with 65/);
  await end(daemon);
  const runs = daemon.said().match(/^A run begins/gm)?.length ?? 0;
  assert.ok(runs <= 10, `${runs} runs`);
});

testNeeding(
  daemons,
  needs,
  "a run that finds the lock taken is made up once it is free",
  async (_, { machine, start }) => {
    const stop = block(machine.root, "build");
    quickModule(machine, "evdi", { make: stop.line });
    const other = machine.run("apply", "--kernel", release);
    await stop.reached();
    const daemon = start({ words: ["-v", "--lock-timeout", "0"] });
    await daemon.line(/^error: Another run holds the lock: process \d+ \(apply\)/);
    await daemon.line(/^The run has ended with 75/);
    await stop.letGo();
    await other;
    quickModule(machine, "evdi");
    await daemon.line(/^A run begins, since the last one could not do everything\.$/);
    await daemon.line(/^Applied: /);
  },
);

testNeeding(daemons, needs, "there is one daemon of a tree", async (_, { machine, start }) => {
  const daemon = start();
  await daemon.line(/^Ready/);
  const second = start();
  await second.line(new RegExp(`^error: There is a daemon of this DKMS tree already: process ${daemon.pid}\\.`));
  assert.is(await second.exitCode, 75);
  const told = new RegExp(`daemon: nothing could be done: There is a daemon .* process ${daemon.pid}\\. \\[E_LOCKED]`);
  assert.match((await machine.run("history")).stdout, told);
  daemon.kill("SIGKILL");
  await daemon.exitCode;
  await start().line(/^Ready/);
});

testNeeding(
  daemons,
  needs,
  "SIGTERM during a build ends it, and leaves nothing behind",
  async (_, { machine, start }) => {
    const stop = block(machine.root, "build");
    quickModule(machine, "evdi", { make: stop.line });
    const daemon = start();
    const pid = await stop.reached();
    await end(daemon);
    assert.match(daemon.said(), /^Stopping \(SIGTERM\): running builds are ended/m);
    assert.not(isRunning(pid));
    assert.not(isInstalled(machine));
    quickModule(machine, "evdi");
    await machine.apply();
  },
);

testNeeding(daemons, needs, "tells a service manager how it is", async (_, { machine, start }) => {
  const daemon = start({ words: ["-v"], env: listen(machine, 1000), toJournal: true });
  await daemon.line(/^<6>Ready/);
  await atRest(daemon);
  await daemon.line(/^<6>Nothing to do/);
  await atRest(daemon);
  daemon.kill("SIGHUP");
  await daemon.line(/asked to read everything anew/);
  fs.appendFileSync(machine.at("etc/dkms-agent/desired-state/modules.yaml"), "x:\n");
  await daemon.line(/^<6>The run has ended with 65/);
  await end(daemon);
  const heard = daemon.heard();
  assert.is(heard[0], "READY=1");
  for (const [what, pattern] of [
    ["a pulse", /^WATCHDOG=1$/],
    ["what it does", /^STATUS=A run goes on\.$/],
    ["how it is", /^STATUS=Everything wanted is there; the next run is due at /],
    ["what is wrong", /^STATUS=The documents or the settings are not valid/],
    ["a reload, with its time", /^RELOADING=1 MONOTONIC_USEC=\d{6,}$/],
  ] as const) {
    assert.ok(
      heard.some((one) => pattern.test(one)),
      `${what}: ${heard.join("\n")}`,
    );
  }
  assert.is(heard.at(-1), "STOPPING=1 STATUS=Stopped.");
  assert.is(heard.filter((one) => one === "READY=1").length, 2, "again after the reload");
  const lines = daemon.said().split("\n");
  assert.equal(
    lines.filter((line) => !/^<[346]>/.test(line)),
    [],
  );
  assert.ok(lines.some((line) => /^<3>.*There is no key "x"/.test(line)));
});

testNeeding(
  daemons,
  needs,
  "where the system watches no more directories it says so, and works",
  async (_, { start }) => {
    const daemon = start({
      words: ["-v"],
      before: "echo 3 > /proc/sys/user/max_inotify_watches",
      prefix: ["unshare", "--user", "--map-root-user"],
    });
    await daemon.line(/^warning: .* cannot be watched \(ENOSPC\), so that changes there are seen a minute later/);
    await daemon.line(/^Applied: /);
    await atRest(daemon);
    await end(daemon);
    assert.is(daemon.said().match(/^warning: .*ENOSPC/gm)?.length, 1);
  },
);

testNeeding(daemons, needs, "with --json each line is an event", async (_, { start }) => {
  const daemon = start({ words: ["--json"] });
  await daemon.line(/"type":"version"/);
  await daemon.line(/"type":"daemon","state":"ready"/);
  await daemon.line(/"type":"daemon","state":"run","cause":"start"/);
  await daemon.line(/"type":"run_complete","changed":true/);
  await daemon.line(/"type":"daemon","state":"rest".*"exit_code":0/);
  await end(daemon);
  assert.match(daemon.said().split("\n").at(-1) ?? "", /"state":"stopped"/);
});

testNeeding(daemons, needs, "fifty runs leave no more memory behind than ten", async (_, { machine, start }) => {
  await machine.apply();
  const daemon = start({ words: ["-v"] });
  await atRest(daemon);
  const after = async (runs: number) => {
    for (let run = 0; run < runs; run += 1) {
      daemon.kill("SIGHUP");
      await atRest(daemon);
    }
    const status = fs.readFileSync(`/proc/${daemon.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
  };
  const [early, late] = [await after(10), await after(50)];
  assert.ok(late < early + 30, `${early.toFixed(0)} MiB after ten runs, ${late.toFixed(0)} after sixty`);
  assert.is(fs.readdirSync(`/proc/${daemon.pid}/fd`).length < 40, true);
});

daemons.run();

/** Waits until a run has ended; the line that says so. Takes `-v`. */
function atRest(daemon: Daemon): Promise<string> {
  return daemon.line(/^(<6>)?The run has ended with /);
}

async function end(daemon: Daemon): Promise<void> {
  daemon.kill("SIGTERM");
  assert.is(await daemon.exitCode, 0, daemon.said());
}

function configure(machine: AgentRoot, daemon: string): void {
  fs.writeFileSync(machine.at("etc/dkms-agent/config.yaml"), `daemon:\n  ${daemon}\n`);
}

function isInstalled(machine: AgentRoot, of: string = release): boolean {
  return fs.existsSync(path.join(machine.at("lib/modules"), of, "updates/dkms/evdi.ko"));
}
