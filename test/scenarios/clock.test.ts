import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type AgentRoot, runAgent } from "../rig/agent.ts";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";
import type { ProgramResult } from "../rig/run-program.ts";
import { testNeeding } from "../rig/test-needing.ts";

const dayMs = 86_400_000;
const preload = path.join(import.meta.dirname, "../rig/shifted-clock.cjs");

const clock = suite<{ machine: AgentRoot }>("a clock that is set back");
clock.before.each((context) => {
  context.machine = quickMachine();
});
clock.after.each(({ machine }) => machine.remove());

testNeeding(
  clock,
  ["root", "gcc", "make", "kmod", "flock"],
  "nothing is built twice for it, what failed is tried again, and the history keeps its order",
  async (_, { machine }) => {
    setClock(machine, 0);
    // During the run, by a day; whoever fails after that remembers the earlier time.
    const done = machine.at("set-back");
    const setBack = `echo ${-dayMs} > ${offsetFile(machine)}; touch ${done}`;
    quickModule(machine, "evdi", { make: `${setBack}; cp made/$kernelver.ko evdi.ko` });
    quickModule(machine, "fails", { make: `until [ -e ${done} ]; do :; done; false` });
    machine.want(`${wanted("evdi")}\n${wanted("fails")}`);
    const during = await run(machine, "apply");
    assert.is(during.exitCode, 1, during.stderr);
    assert.match(during.stdout, /Failed: 4 steps done, 1 failed, .* in [0-9.]+ m?s;/);
    const report = fs.readFileSync(machine.at("var/lib/dkms/.dkms-agent/last-run.json"), "utf8");
    const { duration_ms: lastMs } = JSON.parse(report);
    assert.ok(lastMs > 0 && lastMs < 60_000, String(lastMs));
    assert.match(during.stdout, /evdi\/1\.0@.* absent → installed/);
    assert.is((await run(machine, "apply")).exitCode, 3, "the failure is a moment old");
    // Then it is one from the future, and nobody knows how old.
    setClock(machine, -60 * 365 * dayMs);
    const before1970 = await run(machine, "apply");
    assert.is(before1970.exitCode, 1, before1970.stderr);
    assert.match(before1970.stdout, /failed 2 times|Failed: 0 steps done, 1 failed/);
    assert.is((await run(machine, "apply")).exitCode, 3);
    assert.not.match(before1970.stdout, /build evdi/);
    setClock(machine, 0);
    const { runs } = JSON.parse((await run(machine, "history", "--json")).stdout);
    const endings = runs.map(({ ending }: { ending: string }) => ending);
    assert.equal(endings, ["failed", "nothing", "failed", "nothing"]);
    for (const { duration_ms: durationMs } of runs)
      assert.ok(durationMs >= 0 && durationMs < 60_000, String(durationMs));
    quickModule(machine, "verb", { make: `echo ${-dayMs} > ${offsetFile(machine)}; cp made/$kernelver.ko verb.ko` });
    assert.is((await run(machine, "dkms", "install", "verb/1.0", "-k", "6.1.0-1-amd64")).exitCode, 0);
    const ofVerb = JSON.parse((await run(machine, "history", "--json")).stdout).runs.at(-1);
    for (const { id, duration_ms: durationMs } of [{ ...ofVerb, id: ofVerb.command }, ...ofVerb.steps])
      assert.ok(durationMs >= 0 && durationMs < 60_000, `${id}: ${durationMs}`);
    setClock(machine, 0);
    quickModule(machine, "fails");
    assert.is((await run(machine, "apply")).exitCode, 0);
  },
);

clock.run();

function offsetFile({ at }: AgentRoot): string {
  return at("offset");
}

function setClock(machine: AgentRoot, offsetMs: number): void {
  fs.writeFileSync(offsetFile(machine), String(offsetMs));
}

function run(machine: AgentRoot, ...words: readonly string[]): Promise<ProgramResult> {
  const env = { NODE_OPTIONS: `--require=${preload}`, DKMS_AGENT_CLOCK_OFFSET: offsetFile(machine) };
  return runAgent(machine.root, words, { env });
}
