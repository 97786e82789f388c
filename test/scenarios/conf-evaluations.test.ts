import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type AgentRoot, runAgent } from "../rig/agent.ts";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";
import { testNeeding } from "../rig/test-needing.ts";

const scenario = suite("evaluations of a dkms.conf that needs bash");

testNeeding(
  scenario,
  ["make", "kmod", "root"],
  "serve both the build and the install of a run, once per kernel",
  async () => {
    const machine = quickMachine(["6.1.0-1-amd64", "6.1.0-2-amd64"]);
    try {
      quickModule(machine, "noisy", { conf: `if true; then echo $kernelver >> ${machine.at("count")}; fi` });
      machine.want(wanted("noisy"));
      await machine.run("plan");
      const look = evaluations(machine);
      assert.equal(look, ["6.1.0-1-amd64", "6.1.0-2-amd64"]);
      await machine.apply();
      // By the scan before, which add asks too; by the build with the install; and by the scan after, which finds the file in
      // two places.
      const [older, newer] = look;
      assert.equal(evaluations(machine), [older, older, older, newer, newer, newer]);
      const again = await runAgent(machine.root, ["dkms", "install", "noisy/1.0", "-k", "6.1.0-1-amd64", "--force"]);
      assert.is(again.exitCode, 0, again.stderr);
      assert.equal(evaluations(machine), ["6.1.0-1-amd64"]);
    } finally {
      machine.remove();
    }
  },
);

/** The kernels that the file was evaluated for since the last look, in order of release. */
function evaluations({ at }: AgentRoot): readonly string[] {
  const lines = fs.readFileSync(at("count"), "utf8").split("\n");
  fs.rmSync(at("count"));
  return lines.filter((line) => line !== "").sort();
}

scenario.run();
