import { spawn } from "node:child_process";
import fs from "node:fs";
import process from "node:process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type AgentRoot, cli, runAgent } from "../rig/agent.ts";
import { block } from "../rig/blocking.ts";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";
import { testNeeding } from "../rig/test-needing.ts";

const k = "-k 6.1.0-1-amd64";
const address = "evdi/1.0@6.1.0-1-amd64/x86_64";
const scenario = suite<{ machine: AgentRoot }>("the journal of the dkms command");
scenario.before.each((context) => {
  context.machine = quickMachine();
  quickModule(context.machine, "evdi");
});
scenario.after.each(({ machine }) => machine.remove());

async function dkms({ root }: AgentRoot, words: string, prefix: readonly string[] = []): Promise<string> {
  const { exitCode, stderr } = await runAgent(root, ["dkms", ...words.split(" ")], { prefix });
  return exitCode === 0 ? "0" : `${exitCode} ${stderr}`;
}

interface HistoryRun {
  readonly command: string | null;
  readonly engine: string | null;
  readonly ending: string;
  readonly count: number;
  readonly steps: readonly { readonly id: string; readonly result: string; readonly code: string | null }[];
}

async function historyOf(machine: AgentRoot): Promise<readonly HistoryRun[]> {
  return JSON.parse((await machine.run("history", "--json")).stdout).runs;
}

testNeeding(
  scenario,
  ["gcc", "make", "kmod"],
  "tells what each verb has changed, and what it failed at",
  async (_, { machine }) => {
    for (const words of [`install evdi/1.0 ${k}`, `install evdi/1.0 ${k}`, `install evdi/1.0 ${k}`, "status"])
      assert.is(await dkms(machine, words), "0");
    assert.match(await dkms(machine, `build nothing/1.0 ${k}`), /^2 /);
    assert.is(await dkms(machine, "remove evdi/1.0 --all"), "0");
    const runs = await historyOf(machine);
    assert.equal(
      runs.map(({ command, ending, count }) => `${command} ${ending} ${count}`),
      ["dkms install done 1", "dkms install nothing 2", "dkms build failed 1", "dkms remove done 1"],
    );
    const steps = (at: number) => runs[at]?.steps.map(({ id, result }) => `${id} ${result}`);
    assert.equal(steps(0), [
      "add:evdi/1.0 done",
      `build:${address} done`,
      `install:${address} done`,
      "depmod:6.1.0-1-amd64/x86_64 done",
    ]);
    assert.equal(steps(2), ["build:nothing/1.0 failed"]);
    assert.is(runs[2]?.steps[0]?.code, "E_NO_SOURCE");
    const text = (await machine.run("history")).stdout;
    assert.match(text, /dkms install: 4 steps done in .*\n.* dkms install: nothing to do, 2 times since /);
    assert.match(text, "\n\nThe next apply compares everything with the documents anew: dkms remove came last.\n");
  },
);

testNeeding(
  scenario,
  ["gcc", "make", "kmod"],
  "names what an archive held by its module, and a verb that found the lock held by who held it",
  async (_, { machine }) => {
    const archive = machine.at("packed.tar.gz");
    assert.is(await dkms(machine, `build evdi/1.0 ${k}`), "0");
    assert.is(await dkms(machine, `mktarball evdi/1.0 ${k} --archive ${archive}`), "0");
    assert.is(await dkms(machine, "remove evdi/1.0 --all"), "0");
    assert.is(await dkms(machine, `ldtarball ${archive}`), "0");
    assert.match(await dkms(machine, `ldtarball ${archive} -k 6.1.0-9`), /^1 /);
    fs.writeFileSync(`${archive}.broken`, "no archive");
    assert.match(await dkms(machine, `ldtarball ${archive}.broken`), /^3 /);
    const held = ["flock", machine.at("var/lib/dkms/.dkms-agent/lock")];
    assert.match(await dkms(machine, `remove evdi/1.0 --all --lock-timeout 0`, held), /^75 /);
    const unprotect = ["unprotect", "evdi/1.0", "--lock-timeout", "0"];
    assert.is((await runAgent(machine.root, unprotect, { prefix: held })).exitCode, 75);
    const text = (await machine.run("history", "-v", "--module", "evdi")).stdout;
    assert.match(text, `load ${address}  done in `);
    assert.match(text, `: from ${archive}\n`);
    assert.match(text, `ldtarball: failed at load evdi/1.0: ${archive} holds no build for 6.1.0-9/x86_64`);
    assert.not.match(text, "broken", "nobody knows of what it is");
    const all = (await machine.run("history")).stdout;
    assert.match(all, new RegExp(`ldtarball: failed at load ${archive}.broken: .* \\[E_TARBALL]`));
    assert.match(
      all,
      /dkms remove: nothing could be done: Another run holds the lock: .* \[E_LOCKED]\n.* unprotect: nothing .* \[E_LOCKED]\n\nThe next apply/,
    );
  },
);

testNeeding(
  scenario,
  ["gcc", "make", "kmod", "flock"],
  "tells of a verb that goes on, and of one that was killed",
  async (_, { machine }) => {
    const stop = block(machine.root, "make");
    fs.writeFileSync(`${quickModule(machine, "evdi", { make: "sh made/slow.sh" })}/made/slow.sh`, stop.line);
    const trees = { dkmstree: "var/lib/dkms", sourcetree: "usr/src", installtree: "lib/modules" };
    const options = Object.entries(trees).flatMap(([name, place]) => [`--${name}`, machine.at(place)]);
    const verb = spawn(process.execPath, [cli, "dkms", "install", "evdi/1.0", ...k.split(" "), ...options]);
    const over = new Promise((resolve) => verb.on("close", resolve));
    await stop.reached();
    const going = (await machine.run("history")).stdout;
    assert.match(going, /dkms install: going on during install evdi\/1\.0; .*\n\nThe run holds the lock: the next/);
    verb.kill("SIGKILL");
    await over;
    const killed = (await machine.run("history")).stdout;
    assert.match(
      killed,
      /dkms install: cut off during install evdi\/1\.0, .*\n\nThe next apply ends what dkms install, which/,
    );
    quickModule(machine, "evdi");
    machine.want(wanted("evdi"));
    await machine.apply();
    assert.match(
      (await machine.run("history")).stdout,
      /cut off during .*\n.* done in .*\n\nThe next apply has nothing/,
    );
  },
);

testNeeding(
  scenario,
  ["gcc", "make", "kmod"],
  "tells what unprotect has lifted, and of an apply one run",
  async (_, { machine }) => {
    machine.want(wanted("evdi", "protect: true"));
    await machine.apply();
    assert.is((await machine.run("unprotect", "evdi/1.0")).exitCode, 0);
    const runs = await historyOf(machine);
    assert.equal(
      runs.map(({ command, engine }) => [command, engine]),
      [
        ["apply", "builtin"],
        ["unprotect", null],
      ],
    );
    assert.equal(
      runs[1]?.steps.map(({ id }) => id),
      ["unprotect:evdi/1.0"],
    );
  },
);

testNeeding(
  scenario,
  ["gcc", "make", "kmod"],
  "what an apply has a dkms command do that is this program itself is told once",
  async (_, { machine }) => {
    machine.want(wanted("evdi"));
    fs.mkdirSync(machine.at("bin"));
    fs.symlinkSync(cli, machine.at("bin/dkms"));
    const env = { PATH: `${machine.at("bin")}:${process.env.PATH}` };
    const { exitCode, stderr } = await runAgent(machine.root, ["apply", "--engine", "dkms"], { env });
    assert.is(exitCode, 0, stderr);
    assert.equal(
      (await historyOf(machine)).map(({ command, engine }) => [command, engine]),
      [["apply", "dkms"]],
    );
  },
);

testNeeding(
  scenario,
  ["root", "kmod"],
  "a verb whose journal cannot be written to does its work, and says so",
  async (_, { machine }) => {
    const journal = machine.at("var/lib/dkms/.dkms-agent/journal.jsonl");
    fs.mkdirSync(journal, { recursive: true });
    const { exitCode, stderr } = await runAgent(machine.root, ["dkms", "add", "evdi/1.0"]);
    assert.is(exitCode, 0);
    assert.match(stderr, "note: Cannot note in the journal what was done");
    assert.match((await machine.run("dkms status")).stdout, "evdi/1.0: added");
  },
);

scenario.run();
