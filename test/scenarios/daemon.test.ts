import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AgentRoot } from "../rig/agent.ts";
import { type Daemon, type DaemonOptions, startDaemon } from "../rig/daemon.ts";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";
import { testNeeding } from "../rig/test-needing.ts";

const release = "6.1.0-1-amd64";
const needs = ["root", "gcc", "make", "kmod", "flock"] as const;

const daemons = suite<{ machine: AgentRoot; start: (options?: DaemonOptions) => Daemon }>("dkms-agent daemon");

daemons.before.each((context) => {
  const machine = quickMachine([release]);
  quickModule(machine, "evdi");
  machine.want(wanted("evdi"));
  configure(machine, "debounce: 1s");
  const started: Daemon[] = [];
  context.machine = machine;
  context.start = (options) => {
    const daemon = startDaemon(machine, options);
    started.push(daemon);
    return daemon;
  };
  Object.assign(context, { started });
});

daemons.after.each(async (context) => {
  const { started } = context as typeof context & { started: readonly Daemon[] };
  for (const daemon of started) daemon.kill("SIGKILL");
  await Promise.all(started.map(({ exitCode }) => exitCode));
  context.machine.remove();
});

testNeeding(daemons, needs, "applies at once, and ends with 0 when it is asked to", async (_, { machine, start }) => {
  const daemon = start();
  await daemon.line(/^Ready: watching/);
  await daemon.line(/^Applied: 4 steps done/);
  assert.ok(isInstalled(machine));
  daemon.kill("SIGTERM");
  assert.is(await daemon.exitCode, 0, daemon.said());
  await daemon.line(/^Stopped \(SIGTERM\)\.$/);
  assert.match((await machine.run("history", "--json")).stdout, /"command": "daemon"/);
});

daemons.run();

function configure(machine: AgentRoot, daemon: string): void {
  fs.writeFileSync(machine.at("etc/dkms-agent/config.yaml"), `daemon:\n  ${daemon.replaceAll("\n", "\n  ")}\n`);
}

function isInstalled(machine: AgentRoot, of = release): boolean {
  return fs.existsSync(path.join(machine.at("lib/modules"), of, "updates/dkms/evdi.ko"));
}
