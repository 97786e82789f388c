import { spawn } from "node:child_process";
import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { detailedApplyCodes, exitCodes } from "../../src/commands/exit-codes.ts";
import { type AgentRoot, runAgent } from "../rig/agent.ts";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";
import type { ProgramResult } from "../rig/run-program.ts";
import { testNeeding } from "../rig/test-needing.ts";

const release = "6.1.0-1-amd64";
type Scenario = (machine: AgentRoot, ...options: readonly string[]) => Promise<ProgramResult>;

const good = wanted("good");
const bad = wanted("bad");
const missing = wanted("missing");

function apply(modules: string): Scenario {
  return ({ want, run }, ...options) => {
    want(modules);
    return run("apply", ...options);
  };
}

const locked: Scenario = async (machine, ...options) => {
  await apply(good)(machine);
  const lock = machine.at("var/lib/dkms/.dkms-agent/lock");
  const holder = spawn("flock", [lock, "sh", "-c", "echo held; cat"], { stdio: ["pipe", "pipe", "inherit"] });
  await new Promise((resolve) => holder.stdout.once("data", resolve));
  const result = await machine.run("apply", "--lock-timeout", "0", ...options);
  holder.stdin.end();
  return result;
};

/** One for each row of the table. */
const plain: Readonly<Record<keyof typeof exitCodes, Scenario>> = {
  ok: apply(good),
  failed: apply(bad),
  changes: ({ want, run }, ...options) => {
    want(`${good}\n${missing}`);
    return run("plan", "--detailed-exitcode", ...options);
  },
  blocked: apply(missing),
  usage: ({ want, run }, ...options) => {
    want(good);
    return run("plan", "--module", "nothing", ...options);
  },
  invalid: apply("  - {}"),
  locked,
  unfit: async (machine, ...options) => {
    machine.want(good);
    fs.chmodSync(machine.root, 0o755);
    const prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    return runAgent(machine.root, ["apply", ...options], { prefix });
  },
  stale: async (machine, ...options) => {
    machine.want(good);
    await machine.run("plan", "--out", machine.at("a.plan"));
    fs.appendFileSync(machine.at("usr/src/good-1.0/dkms.conf"), "# changed\n");
    return machine.run("apply", machine.at("a.plan"), ...options);
  },
  refused: async (machine, ...options) => {
    await apply(wanted("good", "protect: true"))(machine);
    return apply(wanted("good", "state: absent"))(machine, ...options);
  },
};

const detailed: Readonly<Record<keyof typeof detailedApplyCodes, Scenario>> = {
  unchanged: async (machine, ...options) => {
    await apply(good)(machine);
    return apply(good)(machine, ...options);
  },
  notAttempted: apply("  - {}"),
  changed: apply(good),
  failed: apply(missing),
  changedAndFailed: apply(`${good}\n${bad}`),
};

/** What a run does is told by the same document or events as ever; why it does nothing, by others. */
const saidOtherwise: readonly string[] = ["failed", "usage", "invalid", "locked", "unfit", "stale", "refused"];

for (const [title, table, scenarios, more] of [
  ["exit codes", exitCodes, plain, []],
  ["exit codes of apply --detailed-exitcode", detailedApplyCodes, detailed, ["--detailed-exitcode"]],
] as const) {
  const codes = suite<{ machine: AgentRoot }>(title);
  codes.before.each((context) => {
    context.machine = quickMachine([release]);
    quickModule(context.machine, "good");
    quickModule(context.machine, "bad", { make: "false" });
  });
  codes.after.each(({ machine }) => machine.remove());
  for (const [name, { code, meaning }] of Object.entries(table)) {
    const scenario = Object.entries(scenarios).find(([key]) => key === name)?.[1];
    testNeeding(codes, ["root", "gcc", "make", "kmod", "flock"], `${code}: ${meaning}`, async (_, { machine }) => {
      assert.ok(scenario);
      const { exitCode, stdout, stderr } = await scenario(machine, ...more);
      assert.is(exitCode, code, stdout + stderr);
    });
    if (!saidOtherwise.includes(name)) continue;
    testNeeding(codes, ["root", "gcc", "make", "kmod", "flock"], `${code} with --json`, async (_, { machine }) => {
      assert.ok(scenario);
      const { exitCode, stdout, stderr } = await scenario(machine, ...more, "--json");
      assert.is(exitCode, code, stdout + stderr);
      assert.is.not(stdout, "", "there is a document or an event, and the rig has found it to be in the contract");
    });
  }
  codes.run();
}
