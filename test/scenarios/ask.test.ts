import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type AgentRoot, agentRoot } from "../rig/agent.ts";
import { startOnPty } from "../rig/pty.ts";

const asking = suite<{ machine: AgentRoot }>("apply --ask");

asking.before.each((context) => {
  const machine = agentRoot([]);
  fs.mkdirSync(machine.at("usr/src/good-1.0"));
  const conf = "PACKAGE_NAME=good\nPACKAGE_VERSION=1.0\nBUILT_MODULE_NAME=good\nDEST_MODULE_LOCATION=/extra\n";
  fs.writeFileSync(machine.at("usr/src/good-1.0/dkms.conf"), conf);
  machine.want('  - {name: good, version: "1.0", state: added}');
  context.machine = machine;
});
asking.after.each(({ machine }) => machine.remove());

const isThere = ({ at }: AgentRoot) => fs.existsSync(at("var/lib/dkms/good"));

asking("shows the plan, and does it only after a yes", async ({ machine }) => {
  for (const [answer, code] of [
    ["n\r", 1],
    ["\r", 1],
    ["yesterday\r", 1],
    ["\u0004", 1],
    ["\u0003", 130],
    ["Yes\r", 0],
  ] as const) {
    const pty = startOnPty(["apply", "--ask", "--root", machine.root]);
    const screen = await pty.shows("Do this? Only y or yes goes on:");
    assert.match(screen, /\+ good\/1\.0 +add/);
    assert.not.ok(isThere(machine), JSON.stringify(answer));
    pty.type(answer);
    assert.is(await pty.ended, code, pty.screen());
    if (code !== 0) assert.match(pty.screen(), "The answer was not yes; nothing was done. [E_CANCELLED]");
    assert.is(pty.screen().split("it is not in the DKMS tree").length, 2, "the plan is shown once");
  }
  assert.ok(isThere(machine));
});

asking("what changed while somebody thought about it is not done", async ({ machine }) => {
  const pty = startOnPty(["apply", "--ask", "--root", machine.root]);
  await pty.shows("goes on:");
  fs.appendFileSync(machine.at("usr/src/good-1.0/dkms.conf"), "# another\n");
  pty.type("y\r");
  assert.is(await pty.ended, 79, pty.screen());
  assert.match(pty.screen(), "good/1.0: source changed");
  assert.not.ok(isThere(machine));
});

asking("a saved plan is shown and asked about too; with nothing to do nobody is asked", async ({ machine }) => {
  const file = machine.at("x.plan");
  const { stdout } = await machine.run("plan", "--out", file);
  assert.ok(stdout.endsWith(`"dkms-agent apply --root ${machine.root} ${file}" does this and nothing else.\n`), stdout);
  const pty = startOnPty(["apply", file, "--ask", "--root", machine.root]);
  await pty.shows("goes on:");
  pty.type("y\r");
  assert.is(await pty.ended, 0, pty.screen());
  assert.ok(isThere(machine));
  const idle = startOnPty(["apply", "--ask", "--root", machine.root]);
  assert.is(await idle.ended, 0);
  assert.not.match(idle.screen(), "Do this?");
});

asking("without a terminal it refuses, with 64", async ({ machine }) => {
  const { exitCode, stderr } = await machine.run("apply", "--ask");
  assert.is(exitCode, 64);
  assert.match(stderr, "--ask needs a terminal");
  assert.match(stderr, "plan --out FILE");
  assert.not.ok(isThere(machine));
  assert.is((await machine.run("apply", "--ask", "--dry-run")).exitCode, 64);
});
asking.run();
