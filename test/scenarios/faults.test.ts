import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type AgentRoot, runAgent } from "../rig/agent.ts";
import { fakeObject } from "../rig/fake-object.ts";
import { isRunning } from "../rig/is-running.ts";
import { type QuickModuleOptions, quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";
import type { ProgramResult } from "../rig/run-program.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { treeListing } from "../rig/tree-listing.ts";

const older = "6.1.0-1-amd64";
const newer = "6.1.0-2-amd64";

const faults = suite<{ machine: AgentRoot }>("a fault during apply");
const needs = ["root", "gcc", "make", "kmod", "flock"] as const;

faults.before.each((context) => {
  context.machine = quickMachine([older, newer]);
});
faults.after.each(({ machine }) => machine.remove());

interface Fault {
  readonly title: string;
  readonly code: string;
  readonly module: QuickModuleOptions;
  /** Of the module in the document. */
  readonly more?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  /** What the run after this one does about it. */
  readonly next: "tries again" | "leaves alone";
}

const table: readonly Fault[] = [
  {
    title: "a make that hangs",
    code: "E_TIMEOUT",
    module: { make: "sh made/hang.sh $source_tree/pids" },
    // It refuses to end, and has a daemon beside itself.
    scripts: {
      "made/hang.sh":
        "trap '' TERM\nsetsid sh -c 'echo $$ >> $0; exec sleep 300' $1 &\nsleep 300 &\necho $$ $! >> $1\nwait\n",
    },
    more: "timeout: 4s",
    next: "leaves alone",
  },
  { title: "a make that somebody kills", code: "E_KILLED", module: { make: "kill -KILL 0" }, next: "tries again" },
  { title: "a make that writes without end", code: "E_MAKE", module: { make: "yes" }, next: "leaves alone" },
  { title: "a make that leaves no object", code: "E_NO_OBJECT", module: { make: "true" }, next: "leaves alone" },
  {
    title: "an object for another kernel",
    code: "E_WRONG_KERNEL",
    module: { madeFor: "5.10.0" },
    next: "leaves alone",
  },
  {
    title: "an object without content",
    code: "E_BAD_OBJECT",
    module: { make: ": > evdi.ko", conf: "STRIP=yes" },
    next: "leaves alone",
  },
  {
    title: "a PRE_INSTALL that fails",
    code: "E_SCRIPT",
    module: { conf: "PRE_INSTALL=no.sh" },
    scripts: { "no.sh": "exit 3\n" },
    next: "leaves alone",
  },
];

for (const { title, code, module, more, scripts = {}, next } of table)
  testNeeding(faults, needs, `${title}: the other module is done, this one is as it was`, async (_, { machine }) => {
    const source = quickModule(machine, "evdi", module);
    for (const [name, text] of Object.entries(scripts))
      fs.writeFileSync(path.join(source, name), `#!/bin/sh\n${text}`, { mode: 0o755 });
    quickModule(machine, "other");
    machine.want(`${wanted("evdi", more)}\n${wanted("other")}`, `kernels: ["${newer}"]`);
    const before = ownOf(machine, "evdi");
    const { exitCode, stdout, stderr } = await machine.run("apply");
    assert.is(exitCode, 1, stdout + stderr);
    assert.ok((stdout + stderr).includes(`[${code}]`), stdout + stderr);
    assert.equal(ownOf(machine, "evdi"), before);
    assert.equal(installed(machine, newer), ["other.ko"]);
    if (code === "E_TIMEOUT") assert.is(pidsOf(machine).length, 3, "make, what it has started, and a daemon");
    for (const pid of pidsOf(machine)) assert.not.ok(isRunning(pid), "nothing of it runs any more");
    const history = (await machine.run("history")).stdout;
    const [left, foretold] = {
      "leaves alone": ["1 blocked", "leaves what failed alone until its next try is due \\(2.*Z\\), unless its source"],
      "tries again": ["1 change still to make", "tries again what failed\\.$"],
    }[next];
    const line = `failed at .* evdi/1\\.0@.* \\[${code}\\]; .* done.*; ${left}`;
    assert.match(history.trimEnd(), new RegExp(`${line}\n\nThe next apply ${foretold}`));
    assert.is((await machine.planned()).length > 0, next === "tries again");
  });

testNeeding(faults, needs, "a make that leaves a daemon behind is not waited for", async (_, { machine }) => {
  const daemon = "setsid sh -c 'echo $$ > $0; exec sleep 300' $1 & until [ -s $1 ]; do :; done";
  const source = quickModule(machine, "evdi", { make: "sh made/daemon.sh $source_tree/pids-$kernelver" });
  fs.writeFileSync(path.join(source, "made/daemon.sh"), `${daemon}\ncp made/$kernelver.ko evdi.ko\n`);
  machine.want(wanted("evdi"));
  await machine.apply();
  const daemons = [older, newer].flatMap((release) => pidsOf(machine, `pids-${release}`));
  assert.is(daemons.filter(isRunning).length, 2);
  for (const pid of daemons) process.kill(pid);
  assert.equal(installed(machine, newer), ["evdi.ko"]);
  assert.match((await machine.run("history")).stdout, / 7 steps done in .*\n\nThe next apply has nothing to do/);
});

const failingOnce = '[ -e "$0.failed" ] || { touch "$0.failed"; exit 1; }';
const counted = "echo $kernelver >> $source_tree/makes; cp made/$kernelver.ko evdi.ko";

testNeeding(
  faults,
  needs,
  "a depmod that fails at each run: its kernel is as it was, the other one is done, and nothing is built twice",
  async (_, { machine }) => {
    quickModule(machine, "evdi", { make: counted });
    machine.want(wanted("evdi"));
    const before = kernelOf(machine, newer);
    for (const done of [/ 5 steps done/, / 0 steps done/]) {
      const { exitCode, stdout, stderr } = await withDepmod(machine, `case "$*" in *${newer}) exit 1;; esac`);
      assert.is(exitCode, 1, stdout + stderr);
      assert.match(stdout + stderr, /\[E_DEPMOD\]/);
      assert.equal(kernelOf(machine, newer), before);
      assert.equal(installed(machine, older), ["evdi.ko"]);
      const { stdout: history } = await machine.run("history");
      assert.match(history, done);
      assert.match(
        history,
        /failed at depmod .*\[E_DEPMOD\]; .* taken back .*1 change still to make\n\nThe next apply tries again what failed\.\n$/,
      );
    }
    await machine.apply();
    assert.equal(installed(machine, newer), ["evdi.ko"]);
    assert.equal([...makesOf(machine)].sort(), [older, newer]);
  },
);

testNeeding(
  faults,
  needs,
  "a rebuild that depmod refuses: what was there is back, and is not built again before its time",
  async (_, { machine }) => {
    const source = quickModule(machine, "evdi", { make: counted });
    machine.want(wanted("evdi", `kernels: ["${newer}"]`));
    await machine.apply();
    const changed = fakeObject({ name: "evdi", release: newer, filling: "changed" });
    fs.writeFileSync(path.join(source, "made", `${newer}.ko`), changed);
    const all = () =>
      [...kernelOf(machine, newer), ...ownOf(machine, "evdi")].filter((line) => !line.includes("makes"));
    const before = all();
    assert.is((await withDepmod(machine, failingOnce)).exitCode, 1);
    assert.equal(all(), before);
    assert.is(makesOf(machine).length, 2);
    assert.match(
      (await machine.run("history")).stdout,
      /failed at depmod .*1 blocked\n\nThe next apply tries again what failed; it leaves build evdi\/1\.0@\S+ alone until its next try is due \(2.*Z\), unless its source, .*--retry\.\n$/,
    );
    const { stdout, stderr, exitCode } = await machine.run("apply");
    assert.is(exitCode, 3);
    assert.match(stdout + stderr, /failed before from the same source, .*depmod for \S+ failed: .* \[E_DEPMOD\]/s);
    assert.is(makesOf(machine).length, 2);
    await machine.apply(0, "--retry");
    assert.is(makesOf(machine).length, 3);
    assert.is.not(all().join("\n"), before.join("\n"));
  },
);

for (const [title, fail] of Object.entries({
  "in PRE_INSTALL": {
    ...{ conf: "PRE_INSTALL=no.sh", depmod: "", stays: false },
    history:
      /failed at install evdi\/2\.0@.*\[E_SCRIPT].* 2 taken back .*; 1 blocked\n\nThe next apply leaves what failed/,
  },
  "in depmod": {
    ...{ conf: "", depmod: failingOnce, stays: true },
    history:
      /failed at depmod .*\[E_DEPMOD].* 1 taken back .*; 2 changes still to make\n\nThe next apply tries again what/,
  },
}))
  testNeeding(
    faults,
    needs,
    `a new version that fails ${title}: the old one is back, byte for byte`,
    async (_, { machine }) => {
      const own = machine.at("lib/modules", newer, "kernel/drivers/evdi.ko");
      fs.mkdirSync(path.dirname(own), { recursive: true });
      fs.writeFileSync(own, fakeObject({ name: "evdi", release: newer, filling: "own" }));
      quickModule(machine, "evdi");
      machine.want(wanted("evdi"), `kernels: ["${newer}"]\n`);
      await machine.apply();
      const source = quickModule(machine, "evdi", { version: "2.0", conf: fail.conf });
      fs.writeFileSync(path.join(source, "no.sh"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
      const before = [...kernelOf(machine, newer), ...ownOf(machine, "evdi")];
      assert.ok(before.some((line) => line.includes("original_module")));
      machine.want(wanted("evdi").replace("1.0", "2.0"), `kernels: ["${newer}"]\nunlisted: prune\n`);
      const { exitCode, stdout, stderr } = await withDepmod(machine, fail.depmod);
      assert.is(exitCode, 1, stdout + stderr);
      const built = (line: string) => line.includes("/dkms/evdi/2.0");
      const after = [...kernelOf(machine, newer), ...ownOf(machine, "evdi")];
      assert.equal(
        after.filter((line) => !built(line)),
        before,
      );
      assert.is(after.some(built), fail.stays, "what was built for the new one");
      assert.match((await machine.run("history")).stdout, fail.history);
    },
  );

testNeeding(
  faults,
  needs,
  "a journal that nobody can write to any more: what is done is done, and told",
  async (_, { machine }) => {
    const journal = machine.at("var/lib/dkms/.dkms-agent/journal.jsonl");
    quickModule(machine, "evdi", { make: `rm -f ${journal}; mkdir ${journal}; cp made/$kernelver.ko evdi.ko` });
    machine.want(wanted("evdi", `kernels: ["${newer}"]`));
    const { exitCode, stdout, stderr } = await machine.run("apply");
    assert.is(exitCode, 1);
    assert.match(stderr, /Cannot keep in the journal what became of build:evdi.*journal\.jsonl.*\[W_NOT_KEPT\]/s);
    assert.match(stdout + stderr, /Cannot install evdi.*\[E_IO\]/s);
    assert.match((await machine.run("history")).stderr, /Cannot read the journal in \S+\.dkms-agent: EISDIR.* \[E_IO]/);
    fs.rmdirSync(journal);
    quickModule(machine, "evdi");
    await machine.apply();
    assert.equal(installed(machine, newer), ["evdi.ko"]);
    assert.match((await machine.run("history")).stdout, / steps done in .*\n\nThe next apply has nothing to do/);
  },
);

faults.run();

function installed({ at }: AgentRoot, release: string): readonly string[] {
  const directory = at("lib/modules", release, "updates/dkms");
  return fs.existsSync(directory) ? fs.readdirSync(directory) : [];
}

/** Everything of a module in the three trees. */
function ownOf({ root }: AgentRoot, name: string): readonly string[] {
  return treeListing(root, (file) => file === "var/lib/dkms/.dkms-agent").filter((line) => line.includes(name));
}

/** Everything of a kernel, what depmod makes of it included. */
function kernelOf({ root }: AgentRoot, release: string): readonly string[] {
  return treeListing(root, (file) => file.startsWith("usr")).filter((line) => line.includes(`lib/modules/${release}/`));
}

function pidsOf({ at }: AgentRoot, name = "pids"): readonly number[] {
  const file = at("usr/src", name);
  const text = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
  return text.split(/\s+/).filter(Boolean).map(Number);
}

/** The kernels that make was started for. */
function makesOf({ at }: AgentRoot): readonly string[] {
  return fs.readFileSync(at("usr/src/makes"), "utf8").trim().split("\n");
}

/** Applies with a depmod that does something before the real one. */
function withDepmod(machine: AgentRoot, before: string): Promise<ProgramResult> {
  const directory = machine.at("bin");
  fs.mkdirSync(directory, { recursive: true });
  const script = `#!/bin/sh\n${before}\nPATH=/usr/sbin:/sbin:/usr/bin:/bin exec depmod "$@"\n`;
  fs.writeFileSync(path.join(directory, "depmod"), script, { mode: 0o755 });
  return runAgent(machine.root, ["apply"], { env: { PATH: `${directory}:${process.env.PATH}` } });
}
