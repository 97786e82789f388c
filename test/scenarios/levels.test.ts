import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type AgentRoot, agentRoot } from "../rig/agent.ts";
import { testNeeding } from "../rig/test-needing.ts";

const levels = ["absent", "added", "built", "installed"] as const;
type Level = (typeof levels)[number];

const transitions = levels.flatMap((from) => levels.filter((to) => to !== from).map((to) => ({ from, to })));
const name = "vpoll";

const scenario = suite("each level from every other");

testNeeding(
  scenario,
  ["two-kernels", "module-sources", "gcc", "make", "kmod", "dkms"],
  `all ${transitions.length} transitions, with dell/dkms reading the tree after each`,
  async (part) => {
    const kernel = part("two-kernels").newer;
    const machine = agentRoot([kernel]);
    const source = part("module-sources").modules.find((one) => one.name === name);
    assert.ok(source);
    fs.cpSync(source.directory, machine.at("usr/src", `${name}-${source.version}`), { recursive: true });
    const key = `${name}/${source.version}`;
    const reach = async (level: Level) => {
      machine.want(`  - {name: ${name}, version: "${source.version}", state: ${level}}`);
      await machine.apply();
      assert.equal(await machine.planned(), [], `nothing remains to do at ${level}`);
      assert.is(await machine.status(part("dkms")), statusAt(level, key, kernel.release));
      assert.equal(installed(machine, kernel.release), level === "installed" ? ["vpoll.ko"] : []);
    };
    try {
      for (const { from, to } of transitions) {
        await reach(from);
        await reach(to);
      }
    } finally {
      machine.remove();
    }
  },
);

scenario.run();

function statusAt(level: Level, key: string, release: string): string {
  if (level === "absent") return "";
  return level === "added" ? `${key}: added\n` : `${key}, ${release}, x86_64: ${level}\n`;
}

function installed({ at }: AgentRoot, release: string): readonly string[] {
  const directory = at("lib/modules", release, "updates/dkms");
  return fs.existsSync(directory) ? fs.readdirSync(directory) : [];
}
