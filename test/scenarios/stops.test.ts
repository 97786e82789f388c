import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type AgentRoot, cli } from "../rig/agent.ts";
import { type Block, block } from "../rig/blocking.ts";
import { isRunning } from "../rig/is-running.ts";
import { startOnPty } from "../rig/pty.ts";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";
import { testNeeding } from "../rig/test-needing.ts";

const release = "6.1.0-1-amd64";
const stops = suite<{ machine: AgentRoot }>("a run that is asked to stop");
const needs = ["root", "gcc", "make", "kmod", "flock"] as const;

stops.before.each((context) => {
  context.machine = quickMachine([release]);
});
stops.after.each(({ machine }) => machine.remove());

const seenByShell = { SIGINT: 130, SIGTERM: 143 } as const;

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  testNeeding(
    stops,
    needs,
    `${signal} during PRE_INSTALL: nothing is installed, the next run goes on`,
    async (_, { machine }) => {
      const stop = withScript(machine, "PRE_INSTALL");
      const run = start(machine);
      const pid = await stop.reached();
      run.child.kill(signal);
      assert.is(await run.ending, signal, run.said());
      assert.match(run.said(), `Stopping (${signal})`);
      assert.not(isRunning(pid));
      assert.equal(installed(machine), []);
      const report = fs.readFileSync(machine.at("var/lib/dkms/.dkms-agent/last-run.json"), "utf8");
      const { status, exit_code, last_success_at } = JSON.parse(report);
      assert.equal([status, exit_code, last_success_at], ["interrupted", seenByShell[signal], null]);
      assert.match(
        (await machine.run("history")).stdout,
        /stopped on request \(SIG(INT|TERM)\) during install evdi\/1\.0@.* still to make\n\nThe next apply goes on where/,
      );
      quickModule(machine, "evdi");
      await machine.apply();
      assert.equal(installed(machine), ["evdi.ko"]);
    },
  );

  testNeeding(
    stops,
    needs,
    `${signal} during depmod: it comes to its end, and what is installed can be loaded`,
    async (_, { machine }) => {
      quickModule(machine, "evdi");
      machine.want(wanted("evdi"));
      const stop = block(machine.root, "depmod");
      const directory = machine.at("bin");
      fs.mkdirSync(directory);
      const real = 'PATH=/usr/sbin:/sbin:/usr/bin:/bin exec depmod "$@"';
      fs.writeFileSync(path.join(directory, "depmod"), `#!/bin/sh\n${stop.line}\n${real}\n`, { mode: 0o755 });
      const run = start(machine, { env: { PATH: `${directory}:${process.env.PATH}` } });
      await stop.reached();
      run.child.kill(signal);
      await run.says(`Stopping (${signal})`);
      await stop.letGo();
      assert.is(await run.ending, signal, run.said());
      assert.equal(installed(machine), ["evdi.ko"]);
      assert.match(fs.readFileSync(machine.at("lib/modules", release, "modules.dep"), "utf8"), "updates/dkms/evdi.ko:");
      assert.match(
        (await machine.run("history")).stdout,
        /stopped on request \(SIG.*\); 4 steps done.*\n\nThe next apply has nothing/,
      );
      assert.equal(await machine.planned(), []);
    },
  );
}

testNeeding(
  stops,
  needs,
  "a second SIGINT does not hurry past the end of a make that listens to none",
  async (_, { machine }) => {
    const stop = block(machine.root, "make");
    const source = quickModule(machine, "evdi", { make: "sh made/deaf.sh" });
    fs.writeFileSync(path.join(source, "made/deaf.sh"), `trap "" INT TERM\n${stop.line}\n`);
    machine.want(wanted("evdi"));
    const run = start(machine);
    const pid = await stop.reached();
    run.child.kill("SIGINT");
    await run.says("Stopping (SIGINT)");
    run.child.kill("SIGINT");
    assert.is(await run.ending, "SIGINT", run.said());
    assert.not(isRunning(pid));
    assert.not(fs.existsSync(machine.at("var/lib/dkms/evdi")));
    assert.match(
      (await machine.run("history")).stdout,
      /stopped on request \(SIGINT\) during build.*\n\nThe next apply goes on/,
    );
  },
);

testNeeding(
  stops,
  needs,
  "a terminal that is closed: everything is ended, and the journal says so",
  async (_, { machine }) => {
    const stop = withScript(machine, "PRE_BUILD");
    const pty = startOnPty(["apply", "--root", machine.root]);
    const pid = await stop.reached();
    const agent = JSON.parse(fs.readFileSync(machine.at("var/lib/dkms/.dkms-agent/lock"), "utf8")).pid;
    pty.kill();
    await ended(agent);
    assert.not(isRunning(pid));
    assert.not(fs.existsSync(machine.at("var/lib/dkms/evdi")));
    assert.match(
      (await machine.run("history")).stdout,
      /stopped on request \(SIGHUP\) during build.*\n\nThe next apply goes on/,
    );
  },
);

testNeeding(
  stops,
  [...needs, "unshare"],
  "the first process of a container, which no signal ends, ends with the code that a shell would show",
  async (_, { machine }) => {
    const stop = withScript(machine, "PRE_BUILD");
    const run = start(machine, { prefix: ["unshare", "--pid", "--fork"] });
    await stop.reached();
    const children = fs.readFileSync(`/proc/${run.child.pid}/task/${run.child.pid}/children`, "utf8");
    process.kill(Number.parseInt(children, 10), "SIGTERM");
    assert.is(await run.ending, 143, run.said());
    assert.match(run.said(), "Stopped: 0 steps done");
    assert.not(fs.existsSync(machine.at("var/lib/dkms/evdi")));
  },
);

testNeeding(
  stops,
  needs,
  "a kernel hook that is stopped keeps no package from going on, unless the settings say so",
  async (_, { machine }) => {
    const stop = withScript(machine, "PRE_BUILD");
    const hook = ["hook", "header-postinst", "--kernel", release];
    for (const [hooks, ending] of [["lenient", 0] as const, ["strict", "SIGTERM"] as const]) {
      fs.writeFileSync(machine.at("etc/dkms-agent/config.yaml"), `hooks: ${hooks}\n`);
      const run = start(machine, { words: hook });
      await stop.reached();
      run.child.kill("SIGTERM");
      assert.is(await run.ending, ending, run.said());
      assert.match(run.said(), "Stopped: 0 steps done");
    }
  },
);

stops.run();

/** A module with a script that waits. */
function withScript(machine: AgentRoot, name: string): Block {
  const stop = block(machine.root, name);
  const source = quickModule(machine, "evdi", { conf: `${name}=wait.sh` });
  fs.writeFileSync(path.join(source, "wait.sh"), `#!/bin/sh\n${stop.line}\n`, { mode: 0o755 });
  machine.want(wanted("evdi"));
  return stop;
}

interface Started {
  readonly child: ChildProcess;
  /** The exit code, or the signal by which it has ended. */
  readonly ending: Promise<number | NodeJS.Signals | null>;
  readonly said: () => string;
  readonly says: (text: string) => Promise<void>;
}

interface Circumstances {
  readonly env?: Readonly<Record<string, string>>;
  /** A program that starts the program. */
  readonly prefix?: readonly string[];
  readonly words?: readonly string[];
}

function start({ root }: AgentRoot, { env = {}, prefix = [], words = ["apply"] }: Circumstances = {}): Started {
  const [command = "", ...rest] = [...prefix, process.execPath, cli, ...words, "--root", root];
  const child = spawn(command, rest, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let said = "";
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      for (const listen of listeners) listen();
    });
  return {
    child,
    ending: new Promise((resolve) => child.on("close", (code, signal) => resolve(signal ?? code))),
    said: () => said,
    says: (text) =>
      new Promise((resolve) => {
        const look = () => {
          if (said.includes(text)) resolve();
        };
        listeners.add(look);
        look();
      }),
  };
}

/** Somebody else's child, whose end nobody tells. */
async function ended(pid: number): Promise<void> {
  while (isRunning(pid)) await new Promise((resolve) => setImmediate(resolve));
}

function installed({ at }: AgentRoot): readonly string[] {
  const directory = at("lib/modules", release, "updates/dkms");
  return fs.existsSync(directory) ? fs.readdirSync(directory) : [];
}
