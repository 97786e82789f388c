import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type AgentRoot, agentRoot, runAgent } from "../rig/agent.ts";
import type { HeadersOfKernel } from "../rig/kernels-with-headers.ts";
import { type Snapshot, snapshot } from "../rig/snapshot.ts";
import { testNeeding } from "../rig/test-needing.ts";

const scenario = suite<{ machine: AgentRoot | undefined }>("what can go wrong");
const needs = ["two-kernels", "gcc", "make", "kmod"] as const;

scenario.after.each((context) => {
  context.machine?.remove();
  context.machine = undefined;
});

testNeeding(
  scenario,
  needs,
  "a source that does not compile: the other one is done, this one is as it was",
  async (part, context) => {
    const { newer } = part("two-kernels");
    const machine = rootWith(context, [newer]);
    module(machine, "good");
    module(machine, "bad", { code: "this is not C\n" });
    const before = treesOf(machine, "bad");
    machine.want('  - {name: good, version: "1.0"}\n  - {name: bad, version: "1.0"}');
    const { exitCode, stdout, stderr } = await machine.run("apply");
    const said = stdout + stderr;
    assert.is(exitCode, 1, said);
    assert.match(said, /E_MAKE/);
    assert.match(said, /bad\.c:\d+:\d+: error:/);
    assert.match(said, /make\.log/);
    assert.equal(installed(machine, newer.release), ["good.ko"]);
    assert.equal(treesOf(machine, "bad"), before);
  },
);

testNeeding(
  scenario,
  needs,
  "a failed build is not tried again by the next runs, but is on request and when its source changes",
  async (part, context) => {
    const { newer } = part("two-kernels");
    const machine = rootWith(context, [newer]);
    const source = module(machine, "bad", { code: "this is not C\n" });
    machine.want('  - {name: bad, version: "1.0"}');
    await machine.apply(1);
    const before = treesOf(machine, "bad");
    const again = await machine.run("apply");
    assert.is(again.exitCode, 3);
    assert.match(
      again.stdout + again.stderr,
      /failed before from the same source, headers and toolchain: make ended .*\[E_MAKE\]/,
    );
    assert.match(again.stdout + again.stderr, /--retry; the next try is due at 2/);
    assert.equal(treesOf(machine, "bad"), before);
    assert.match((await machine.run("plan", "--json")).stdout, /"failed-before"/);
    assert.match(
      (await machine.run("history")).stdout,
      /nothing to do; .* blocked: bad\/1\.0@\S+ \(failed-before\).*\n\nThe next apply .*; what failed before waits until .*\(2\d{3}-.*Z\)/,
    );
    assert.match((await machine.run("plan", "--retry")).stdout, /add, build, install/);
    await machine.apply(1, "--retry");
    assert.match((await machine.run("plan")).stdout, /failed 2 times/);
    const { next, next_try: nextTry, runs } = JSON.parse((await machine.run("history", "--json")).stdout);
    const told = nextTry.replace("T", " ").replace(/\.\d+Z$/, "Z");
    assert.match(next, `The next apply leaves what failed alone until its next try is due (${told}), unless`);
    const minutes = (new Date(nextTry).getTime() - new Date(runs.at(-1).ended_at).getTime()) / 60_000;
    assert.ok(minutes > 15 && minutes <= 20, "twice as long as after the first failure");
    fs.rmSync(path.join(source, "bad.c"));
    module(machine, "bad");
    await machine.apply();
    assert.not(fs.existsSync(machine.at("var/lib/dkms/.dkms-agent/failures")));
  },
);

testNeeding(
  scenario,
  needs,
  "a new version that does not compile: the old build stays installed, byte for byte",
  async (part, context) => {
    const { newer } = part("two-kernels");
    const machine = rootWith(context, [newer]);
    const source = module(machine, "shaky");
    machine.want('  - {name: shaky, version: "1.0"}');
    await machine.apply();
    const before = treesOf(machine, "shaky");
    fs.appendFileSync(path.join(source, "shaky.c"), "this is not C\n");
    const sourceNow = treesOf(machine, "shaky").get(path.join(source, "shaky.c"));
    await machine.apply(1);
    const after = new Map(treesOf(machine, "shaky"));
    assert.is(after.get(path.join(source, "shaky.c")), sourceNow);
    after.set(path.join(source, "shaky.c"), before.get(path.join(source, "shaky.c")) ?? "");
    assert.equal(after, before);
  },
);

testNeeding(
  scenario,
  needs,
  "missing headers and a missing source: blocked with exit 3, the rest is done",
  async (part, context) => {
    const { older, newer } = part("two-kernels");
    const machine = rootWith(context, [older, newer]);
    fs.rmSync(machine.at("lib/modules", older.release, "build"));
    module(machine, "good");
    machine.want('  - {name: good, version: "1.0"}\n  - {name: lost, version: "1.0"}', `kernels: [{match: "*"}]`);
    const { exitCode, stdout, stderr } = await machine.run("apply");
    const said = stdout + stderr;
    assert.is(exitCode, 3, said);
    assert.match(said, `linux-headers-${older.release}`);
    assert.match(said, "lost-1.0");
    assert.equal(installed(machine, newer.release), ["good.ko"]);
    assert.not(fs.existsSync(machine.at("var/lib/dkms/lost")));
    const detailed = await machine.run("apply", "--detailed-exitcode");
    assert.is(detailed.exitCode, 4);
  },
);

testNeeding(
  scenario,
  needs,
  "a Makefile that builds for another kernel: refused before it is installed",
  async (part, context) => {
    const { older, newer } = part("two-kernels");
    const machine = rootWith(context, [newer]);
    module(machine, "astray", { make: `make -C ${older.directory} M=\${dkms_tree}/astray/1.0/build modules` });
    machine.want('  - {name: astray, version: "1.0"}');
    const { exitCode, stdout, stderr } = await machine.run("apply");
    assert.is(exitCode, 1);
    assert.match(stdout + stderr, /E_WRONG_KERNEL/);
    assert.match(stdout + stderr, older.release);
    assert.equal(installed(machine, newer.release), []);
    assert.not(fs.existsSync(machine.at("var/lib/dkms/astray")));
  },
);

testNeeding(
  scenario,
  [...needs, "root"],
  "a full disk during the install: nothing is half there",
  async (part, context) => {
    const { newer } = part("two-kernels");
    const machine = rootWith(context, [newer]);
    module(machine, "big", { code: "char big[100000] = {1};\n" });
    machine.want('  - {name: big, version: "1.0", state: built}');
    await machine.apply();
    const updates = machine.at("lib/modules", newer.release, "updates");
    fs.mkdirSync(updates);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4k", "tmpfs", updates]);
    try {
      const before = treesOf(machine, "big");
      machine.want('  - {name: big, version: "1.0"}');
      const { exitCode, stdout, stderr } = await machine.run("apply");
      assert.is(exitCode, 1, stdout + stderr);
      assert.match(stdout + stderr, /E_NO_SPACE/);
      assert.equal(files(updates), []);
      assert.equal(treesOf(machine, "big"), before);
    } finally {
      execFileSync("umount", [updates]);
    }
    await machine.apply();
    assert.equal(installed(machine, newer.release), ["big.ko"]);
  },
);

testNeeding(scenario, [...needs, "root"], "a read-only DKMS tree: exit 78, and it says so", async (part, context) => {
  const machine = rootWith(context, [part("two-kernels").newer]);
  module(machine, "good");
  machine.want('  - {name: good, version: "1.0"}');
  const tree = machine.at("var/lib/dkms");
  fs.mkdirSync(tree, { recursive: true });
  execFileSync("mount", ["--bind", tree, tree]);
  try {
    execFileSync("mount", ["-o", "remount,bind,ro", tree]);
    const { exitCode, stderr, stdout } = await machine.run("apply");
    assert.is(exitCode, 78, stdout + stderr);
    assert.match(stderr, /E_READ_ONLY/);
    assert.match(stderr, tree);
  } finally {
    execFileSync("umount", [tree]);
  }
});

testNeeding(
  scenario,
  [...needs, "root"],
  "not root: apply ends with 78 and writes nothing, plan and status work",
  async (part, context) => {
    const machine = rootWith(context, [part("two-kernels").newer]);
    module(machine, "good");
    machine.want('  - {name: good, version: "1.0"}');
    fs.chmodSync(machine.root, 0o755);
    const before = snapshot(machine.root);
    const asNobody = (command: string) =>
      runAgent(machine.root, [command], { prefix: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] });
    assert.is((await asNobody("plan")).exitCode, 0);
    assert.is((await asNobody("status")).exitCode, 0);
    const { exitCode, stderr } = await asNobody("apply");
    assert.is(exitCode, 78, stderr);
    assert.match(stderr, /E_PERMISSION/);
    assert.match(stderr, /[Rr]un (it |this )?as root/);
    assert.equal(snapshot(machine.root), before);
  },
);

scenario.run();

/** A root that is removed after the test. */
function rootWith(context: { machine: AgentRoot | undefined }, kernels: readonly HeadersOfKernel[]): AgentRoot {
  const machine = agentRoot(kernels);
  context.machine = machine;
  return machine;
}

interface ModuleOptions {
  /** Put behind the module's own code. */
  readonly code?: string;
  readonly make?: string;
}

/** A small module in the source tree; its directory. */
function module({ at }: AgentRoot, name: string, { code = "", make }: ModuleOptions = {}): string {
  const directory = at("usr/src", `${name}-1.0`);
  fs.mkdirSync(directory, { recursive: true });
  const conf = [
    `PACKAGE_NAME="${name}"`,
    'PACKAGE_VERSION="1.0"',
    'DEST_MODULE_LOCATION[0]="/updates"',
    ...(make === undefined ? [] : [`MAKE[0]="${make}"`]),
    "",
  ];
  fs.writeFileSync(path.join(directory, "dkms.conf"), conf.join("\n"));
  fs.writeFileSync(path.join(directory, "Makefile"), `obj-m := ${name}.o\n`);
  const own = ["#include <linux/module.h>", 'MODULE_LICENSE("GPL");', 'MODULE_DESCRIPTION("test");', code];
  fs.writeFileSync(path.join(directory, `${name}.c`), own.join("\n"));
  return directory;
}

function installed({ at }: AgentRoot, release: string): readonly string[] {
  return files(at("lib/modules", release, "updates/dkms"));
}

function files(directory: string): readonly string[] {
  return fs.existsSync(directory) ? fs.readdirSync(directory) : [];
}

/** Everything of one module in the three trees; directories without their times, which undone work leaves behind. */
function treesOf({ at }: AgentRoot, name: string): Snapshot {
  const all = [
    ...snapshot(at("usr/src")),
    ...snapshot(at("var/lib/dkms"), [".dkms-agent"]),
    ...snapshot(at("lib/modules")),
  ];
  const own = all.filter(([file]) => file.includes(name));
  return new Map(own.map(([file, stamp]) => [file, fs.lstatSync(file).isDirectory() ? "directory" : stamp]));
}
