import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { localFiles } from "../../src/host/local-files.ts";
import { type AgentRoot, agentRoot, runAgent } from "../rig/agent.ts";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { twoObjects } from "../rig/two-objects.ts";

const scenario = suite("builds side by side");

/**
 * PRE_BUILD of each kernel waits until that of the other kernel is there: opening a FIFO waits for the other end. What it
 * sees of the build directory, under the one path that it knows, goes into the object by way of the Makefile.
 */
const meet = (fifo: string, older: string) => `#!/bin/sh
[ -p ${fifo} ] || exit 0
echo "$kernelver" > here
if [ "$kernelver" = ${older} ]; then echo met > ${fifo}; else read word < ${fifo}; fi
[ "$(cat "$PWD/here")" = "$kernelver" ]
`;

testNeeding(
  scenario,
  ["two-kernels", "gcc", "make", "kmod"],
  "of one module for two kernels: each finds its own files at the one path, and the objects are those of builds in turn",
  async (part) => {
    const { newer, older } = part("two-kernels");
    const machine = agentRoot([older, newer]);
    const fifo = machine.at("meeting");
    try {
      addMeetingModule(machine, meet(fifo, older.release));
      execFileSync("mkfifo", [fifo]);
      machine.want("  - {name: demo, version: 1.0, state: built, timeout: 5m}");
      await machine.apply(0, "--jobs", "2");
      const together = objects(machine);
      assert.is(together.length, 4);
      assert.equal(leftovers(machine), [], "nothing is left of the private directories");

      fs.rmSync(fifo);
      machine.want("  - {name: demo, version: 1.0, state: absent}");
      await machine.apply();
      addMeetingModule(machine, meet(fifo, older.release));
      for (const { release } of [older, newer]) {
        const built = await machine.run("dkms build demo/1.0 -k", release);
        assert.is(built.exitCode, 0, built.stderr);
      }
      assert.equal(objects(machine), together);
    } finally {
      machine.remove();
    }
  },
);

testNeeding(
  scenario,
  ["two-kernels", "gcc", "make", "kmod"],
  "one that fails leaves the other alone, and names its log by the path that everybody knows",
  async (part) => {
    const { newer, older } = part("two-kernels");
    const machine = agentRoot([older, newer]);
    try {
      const lacking = `[ "$kernelver" != ${older.release} ] || echo "obj-m := demo_a.o" > Makefile`;
      addMeetingModule(machine, `#!/bin/sh\n${lacking}\n`);
      machine.want("  - {name: demo, version: 1.0, state: built}");
      const { exitCode, stdout, stderr } = await machine.run("apply", "--jobs", "2");
      assert.is(exitCode, 1);
      assert.match(stdout + stderr, /there is no \S*\/var\/lib\/dkms\/demo\/1\.0\/build\/demo_b\.ko/);
      assert.equal(fs.readdirSync(machine.at("var/lib/dkms/demo/1.0")).sort(), [newer.release, "source"]);
      assert.equal(leftovers(machine), []);
    } finally {
      machine.remove();
    }
  },
);

testNeeding(
  scenario,
  ["root", "gcc", "make", "flock"],
  "with one job: the longest is compiled first, and is stripped while the next one is compiled",
  async () => {
    const machine = quickMachine();
    const fifo = machine.at("meeting");
    try {
      execFileSync("mkfifo", [fifo]);
      // Each waits for the other end: one after another, neither would come to it.
      fs.mkdirSync(machine.at("bin"));
      fs.writeFileSync(machine.at("bin/strip"), `#!/bin/sh\nread word < ${fifo}\n`, { mode: 0o755 });
      const long = quickModule(machine, "long", { conf: "STRIP=yes" });
      for (const name of ["a.c", "b.c", "c.c"]) fs.writeFileSync(path.join(long, name), "");
      quickModule(machine, "brief", { make: `echo met > ${fifo}; cp made/$kernelver.ko brief.ko` });
      machine.want(["brief", "long"].map((name) => wanted(name, "timeout: 2m")).join("\n"));
      const env = { PATH: `${machine.at("bin")}:${process.env.PATH}` };
      const { exitCode, stdout, stderr } = await runAgent(machine.root, ["apply", "--jobs", "1", "--json"], { env });
      assert.is(exitCode, 0, stdout + stderr);
      const begun = [...stdout.matchAll(/"type":"step_start".*?"id":"build:(\w+)/g)].map(([, name]) => name);
      assert.equal(begun, ["long", "brief"]);
    } finally {
      machine.remove();
    }
  },
);

testNeeding(
  scenario,
  ["root", "gcc", "make", "flock"],
  "with --fail-fast, a build that waits for the job of one that fails is skipped",
  async () => {
    const machine = quickMachine();
    try {
      const journal = machine.at("var/lib/dkms/.dkms-agent/journal.jsonl");
      const made = machine.at("made");
      const bothBegun = `until [ \\$(grep -c step_intent.*build: ${journal}) = 2 ]; do :; done`;
      for (const name of ["one", "two"]) quickModule(machine, name, { make: `echo >> ${made}; ${bothBegun}; false` });
      machine.want(["one", "two"].map((name) => wanted(name, "timeout: 2m")).join("\n"));
      const { exitCode, stdout, stderr } = await machine.run("apply", "--jobs", "1", "--fail-fast", "--json");
      assert.is(exitCode, 1, stdout + stderr);
      assert.is(fs.readFileSync(made, "utf8"), "\n", "one make has run");
      const { steps } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
      const builds = steps.filter(({ kind }: { kind: string }) => kind === "build");
      assert.equal(builds.map(({ result }: { result: string }) => result).sort(), ["failed", "skipped"]);
      const { runs } = JSON.parse((await machine.run("history", "--json")).stdout);
      const told = runs[0].steps.map(({ id, result }: { id: string; result: string }) => `${id.slice(0, 6)} ${result}`);
      assert.equal(told.sort(), ["add:on undone", "add:tw undone", "build: failed", "build: skipped"]);
      assert.match(runs[0].message, /failed at build (one|two)\/1\.0@/);
    } finally {
      machine.remove();
    }
  },
);

scenario.run();

function addMeetingModule({ at }: AgentRoot, preBuild: string): void {
  const write = (file: string, text: string | Uint8Array) => {
    fs.mkdirSync(path.dirname(at(file)), { recursive: true });
    fs.writeFileSync(at(file), text);
    return at(file);
  };
  const source = twoObjects({ write, at }, {});
  fs.writeFileSync(path.join(source, "meet.sh"), preBuild, { mode: 0o755 });
  fs.appendFileSync(path.join(source, "dkms.conf"), "PRE_BUILD=meet.sh\n");
}

/** Every built object with its content. */
function objects({ at }: AgentRoot): readonly string[] {
  const top = at("var/lib/dkms/demo/1.0");
  const files = fs.readdirSync(top, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ko"));
  return files.sort().map((file) => `${file} ${localFiles.sha256(path.join(top, file))}`);
}

function leftovers({ at }: AgentRoot): readonly string[] {
  const builds = at("var/lib/dkms/.dkms-agent/builds");
  return [
    ...(fs.existsSync(builds) ? fs.readdirSync(builds) : []),
    ...fs.readdirSync(at("var/lib/dkms/demo/1.0")),
  ].filter((name) => !/^(source|[0-9].*)$/.test(name));
}
