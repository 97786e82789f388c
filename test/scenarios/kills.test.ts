import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type AgentRoot, agentRoot } from "../rig/agent.ts";
import { type Block, block } from "../rig/blocking.ts";
import { isRunning } from "../rig/is-running.ts";
import { testNeeding } from "../rig/test-needing.ts";

const kills = suite<{ machine: AgentRoot | undefined }>("a run that is killed while something of it runs");
const needs = ["two-kernels", "gcc", "make", "kmod"] as const;
const cli = path.join(import.meta.dirname, "../../dist/cli.cjs");

kills.after.each((context) => {
  context.machine?.remove();
  context.machine = undefined;
});

for (const script of ["PRE_BUILD", "MAKE", "POST_BUILD", "PRE_INSTALL"]) {
  testNeeding(
    kills,
    needs,
    `SIGKILL during ${script}: the next run ends it first, then builds from the new source`,
    async (part, context) => {
      const { newer } = part("two-kernels");
      const machine = agentRoot([newer]);
      context.machine = machine;
      const stop = block(machine.root, "stop");
      module(machine, { [script]: `setsid sh -c '${stop.line}'` });
      const { pid, agent } = await start(machine, stop);
      assert.match((await machine.run("history")).stdout, /going on during .*\n\nThe run holds the lock/);
      await kill(agent, "SIGKILL");
      assert.ok(isRunning(pid), "nobody ends what the run has started");
      const killed = (await machine.run("history")).stdout;
      assert.match(killed, /cut off during (build|install) blocks\/1\.0@.* done before\n\nThe next apply .* goes on/);
      const check = `state=$(cut -d" " -f3 /proc/${pid}/stat 2>/dev/null || echo X); [ $state = X ] || [ $state = Z ]`;
      module(machine, { PRE_BUILD: check });
      await machine.apply();
      assert.match((await machine.run("history")).stdout, /cut off during .*\n.* steps done in .*\n\n.*nothing to do/);
      assert.not(isRunning(pid));
      assert.equal(await machine.planned(), []);
      assert.equal(fs.readdirSync(machine.at("lib/modules", newer.release, "updates/dkms")), ["blocks.ko"]);
      assert.equal(fs.readdirSync(machine.at("var/lib/dkms/blocks/1.0")).sort(), [newer.release, "source"]);
    },
  );
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const) {
  testNeeding(kills, needs, `${signal} during make: it is ended with the run`, async (part, context) => {
    const machine = agentRoot([part("two-kernels").newer]);
    context.machine = machine;
    const stop = block(machine.root, "stop");
    module(machine, { MAKE: stop.line });
    const { pid, agent } = await start(machine, stop);
    assert.is(await kill(agent, signal), null, "it ends by the signal, when it has cleared up");
    assert.not(isRunning(pid));
    const stopped = `stopped on request \\(${signal}\\) during build blocks/1\\.0@.*; 1 change still to make`;
    assert.match((await machine.run("history")).stdout, new RegExp(`${stopped}.*\n\nThe next apply goes on where`));
    assert.not(fs.existsSync(machine.at("var/lib/dkms/blocks")));
  });
}

kills.run();

/** Runs `apply` until it comes to the block. */
async function start(machine: AgentRoot, stop: Block): Promise<{ readonly pid: number; readonly agent: ChildProcess }> {
  machine.want('  - {name: blocks, version: "1.0"}');
  const agent = spawn(process.execPath, [cli, "apply", "--root", machine.root], { stdio: "ignore" });
  return { pid: await stop.reached(), agent };
}

/** The exit code; null if the signal itself has ended it. */
async function kill(agent: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const over = new Promise<number | null>((resolve) => agent.on("exit", resolve));
  agent.kill(signal);
  return over;
}

/** A small module in the source tree, with lines of shell for its make command or its scripts. */
function module({ at }: AgentRoot, lines: Readonly<Record<string, string>>): void {
  const directory = at("usr/src/blocks-1.0");
  fs.rmSync(directory, { recursive: true, force: true });
  fs.mkdirSync(directory, { recursive: true });
  const scripts = Object.entries(lines).map(([name, line]) => {
    fs.writeFileSync(path.join(directory, `${name}.sh`), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
    return name === "MAKE" ? 'MAKE[0]="./MAKE.sh"' : `${name}=${name}.sh`;
  });
  const conf = ['PACKAGE_NAME="blocks"', 'PACKAGE_VERSION="1.0"', 'DEST_MODULE_LOCATION[0]="/updates"', ...scripts];
  fs.writeFileSync(path.join(directory, "dkms.conf"), `${conf.join("\n")}\n`);
  fs.writeFileSync(path.join(directory, "Makefile"), "obj-m := blocks.o\n");
  fs.writeFileSync(path.join(directory, "blocks.c"), '#include <linux/module.h>\nMODULE_LICENSE("GPL");\n');
}
