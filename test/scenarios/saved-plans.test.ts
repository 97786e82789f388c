import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type AgentRoot, agentRoot } from "../rig/agent.ts";
import { differences, snapshot } from "../rig/snapshot.ts";

interface Context {
  machine: AgentRoot;
  /** A saved plan that adds "good". */
  file: string;
}

const saved = suite<Context>("saved plans");

const added = (name: string) => `  - {name: ${name}, version: "1.0", state: added}`;

saved.before.each(async (context) => {
  const machine = agentRoot([]);
  for (const name of ["good", "other"]) {
    fs.mkdirSync(machine.at(`usr/src/${name}-1.0`));
    const conf = `PACKAGE_NAME=${name}\nPACKAGE_VERSION=1.0\nBUILT_MODULE_NAME=${name}\nDEST_MODULE_LOCATION=/extra\n`;
    fs.writeFileSync(machine.at(`usr/src/${name}-1.0/dkms.conf`), conf);
  }
  machine.want(`${added("good")}\n${added("other")}`);
  for (const directory of [".dkms-agent", "other/1.0"])
    fs.mkdirSync(machine.at("var/lib/dkms", directory), { recursive: true });
  fs.symlinkSync(machine.at("usr/src/other-1.0"), machine.at("var/lib/dkms/other/1.0/source"));
  context.machine = machine;
  context.file = machine.at("tonight.plan");
  const { exitCode, stderr } = await machine.run("plan", "--out", context.file);
  assert.is(exitCode, 0, stderr);
});
saved.after.each(({ machine }) => machine.remove());

function edit(file: string, change: (document: Record<string, unknown>) => Record<string, unknown>): void {
  fs.writeFileSync(file, JSON.stringify(change(JSON.parse(fs.readFileSync(file, "utf8")))));
}

async function refused({ machine, file }: Context, exitCode: number, message: RegExp): Promise<void> {
  const before = snapshot(machine.at("var/lib/dkms"), [".dkms-agent"]);
  const result = await machine.run("apply", file);
  assert.is(result.exitCode, exitCode, result.stderr);
  assert.match(result.stderr, message);
  assert.equal(differences(before, snapshot(machine.at("var/lib/dkms"), [".dkms-agent"])), []);
}

saved(
  "only the owner may read the file, plan writes nothing else, and it is what plan --json prints",
  async (context) => {
    const { machine, file } = context;
    assert.is(fs.statSync(file).mode & 0o7777, 0o600);
    const before = snapshot(machine.root);
    const { stdout } = await machine.run("plan", "--json", "--out", file);
    assert.equal(differences(before, snapshot(machine.root)), [`changed ${machine.root}`, `changed ${file}`]);
    assert.is(fs.readFileSync(file, "utf8"), stdout);
    assert.equal(JSON.parse((await machine.run("show", file, "--json")).stdout), JSON.parse(stdout));
  },
);

saved("nothing but a plain file is replaced, and a directory that is not there is told", async ({ machine }) => {
  const target = machine.at("target");
  fs.writeFileSync(target, "precious");
  fs.symlinkSync(target, machine.at("link.plan"));
  for (const place of ["link.plan", "var/lib"]) {
    const { exitCode, stdout, stderr } = await machine.run("plan", "--out", machine.at(place));
    assert.equal([exitCode, stdout], [64, ""]);
    assert.match(stderr, `--out: ${machine.at(place)} is not a plain file. [E_USAGE]`);
  }
  assert.ok(fs.lstatSync(machine.at("link.plan")).isSymbolicLink());
  assert.is(fs.readFileSync(target, "utf8"), "precious");
  const missing = await machine.run("plan", "--json", "--out", machine.at("nowhere/x.plan"));
  assert.is(missing.exitCode, 64);
  assert.match(JSON.parse(missing.stdout).diagnostics[0].hint, `mkdir -p ${machine.at("nowhere")}`);
});

saved("what is no file is not replaced by one: /dev/null would be gone for the whole machine", async ({ machine }) => {
  const fifo = machine.at("fifo");
  execFileSync("mkfifo", [fifo]);
  const { exitCode, stderr } = await machine.run("plan", "--out", fifo);
  assert.is(exitCode, 64);
  assert.match(stderr, /--out: .*fifo is not a plain file\. \[E_USAGE\]/);
  assert.ok(fs.lstatSync(fifo).isFIFO());
});

saved("show tells what a plan was narrowed to, and what it may do", async ({ machine, file }) => {
  assert.match((await machine.run("show", file)).stdout, /\nMade at 20.* from .*desired-state\.\n$/);
  const options = ["--module", "good", "--kernel", "6.1.0-1", "--retry", "--allow-in-use"];
  edit(file, (plan) => ({
    ...plan,
    filter: { modules: ["good"], kernel: "6.1.0-1", retry: true, allow_in_use: true, later: "unknown" },
  }));
  assert.match((await machine.run("show", file)).stdout, `desired-state, with ${options.join(" ")}.\n`);
});

saved("show prints it as plan does, and then apply does it; once", async ({ machine, file }) => {
  const { stdout } = await machine.run("show", file);
  assert.match(stdout, (await machine.run("plan")).stdout);
  assert.match(await machine.apply(2, file, "--detailed-exitcode"), "add good/1.0");
  fs.rmSync(machine.at("var/lib/dkms/good"), { recursive: true });
  const again = await machine.run("apply", file);
  assert.is(again.exitCode, 79);
  assert.match(again.stderr, /applied already, at 20.* \[E_STALE_PLAN\]/);
  await machine.apply(1, file, "--detailed-exitcode");
});

saved("stale, with what changed, when something that it touches is not as it was", async (context) => {
  fs.appendFileSync(context.machine.at("usr/src/good-1.0/dkms.conf"), "# another\n");
  await refused(context, 79, /good\/1\.0: source changed\. \[E_STALE_PLAN\](.|\n)*is stale; nothing was done/);
  const { stdout } = await context.machine.run("apply", context.file, "--json");
  assert.match(stdout, '"code":"E_STALE_PLAN"');
});

saved("stale for other documents and other machines; whatever else changed is left as it is", async (context) => {
  const { machine, file } = context;
  fs.rmSync(machine.at("var/lib/dkms/other"), { recursive: true });
  fs.appendFileSync(machine.at("usr/src/other-1.0/dkms.conf"), "# another\n");
  fs.writeFileSync(machine.at("etc/machine-id"), `${"0".repeat(32)}\n`);
  await refused(context, 79, /made for another machine: unknown, and this is 0{32}/);
  fs.rmSync(machine.at("etc/machine-id"));
  const document = machine.at("etc/dkms-agent/desired-state/modules.yaml");
  fs.appendFileSync(document, "# a word\n");
  await refused(context, 79, /the documents are not the same/);
  machine.want(`${added("good")}\n${added("other")}`);
  const { exitCode, stdout, stderr } = await machine.run("apply", file);
  assert.is(exitCode, 0, stderr);
  assert.match(stdout, "add good/1.0: done");
  assert.match(stderr, /One change is left to make that the plan does not have\. \[W_NOT_IN_PLAN\]/);
  assert.not.ok(fs.existsSync(machine.at("var/lib/dkms/other")));
});

saved("the documents are found where the plan found them", async ({ machine, file }) => {
  const elsewhere = machine.at("elsewhere");
  fs.cpSync(machine.at("etc/dkms-agent/desired-state"), elsewhere, { recursive: true });
  fs.rmSync(machine.at("etc/dkms-agent"), { recursive: true });
  assert.is((await machine.run("plan", "-f", elsewhere, "--out", file)).exitCode, 0);
  await machine.apply(0, file);
});

saved(
  "several places are found again, in their order; and the next plan knows them without reading YAML",
  async (context) => {
    const { machine, file } = context;
    const places = ["b.yaml", "a.yaml"].map((name) => machine.at(name));
    for (const [at, name] of ["good", "other"].entries())
      fs.writeFileSync(places[at] ?? "", `apiVersion: dkms-agent/v1\nmodules:\n${added(name)}\n`);
    const named = places.flatMap((place) => ["-f", place]);
    assert.is((await machine.run("plan", ...named, "--out", file)).exitCode, 0);
    assert.match((await machine.run("show", file)).stdout, `from ${places.join(" and ")}.\n`);
    await machine.apply(0, file);
    const known = fs.readFileSync(machine.at("var/lib/dkms/.dkms-agent/desired.json"), "utf8");
    assert.equal(JSON.parse(known.slice(known.indexOf("\n"))).paths, places);
    const { stdout } = await machine.run("plan", ...named, "--json");
    assert.equal(JSON.parse(stdout).desired.paths, places);
    assert.equal(JSON.parse(stdout).changes, []);
  },
);

saved("an edited file cannot make a step of its own, and makes nothing else of one", async (context) => {
  const { machine, file } = context;
  const original = fs.readFileSync(file, "utf8");
  const owned = machine.at("owned");
  const step = {
    id: "add:good/1.0",
    kind: "add",
    address: "good/1.0",
    depends_on: [],
    reason: { code: "x", text: "x" },
  };
  edit(file, (plan) => ({ ...plan, steps: [{ ...step, kind: "remove", address: "other/1.0" }] }));
  await refused(context, 79, /other\/1\.0/);
  fs.writeFileSync(file, original);
  edit(file, (plan) => ({ ...plan, format_version: "2.0" }));
  await refused(context, 65, /format_version is 2\.x, and this program reads 1\.x/);
  fs.writeFileSync(file, original);
  edit(file, (plan) => ({ ...plan, steps: [{ ...step, command: `touch ${owned}`, source: "/etc" }] }));
  await machine.apply(0, file);
  assert.not.ok(fs.existsSync(owned));
  assert.is(fs.realpathSync(machine.at("var/lib/dkms/good/1.0/source")), machine.at("usr/src/good-1.0"));
});

saved("a terminal shows a file's words, and obeys none of them", async ({ machine, file }) => {
  edit(file, (plan) => ({
    ...plan,
    unlisted: [],
    blocked: [
      { address: "a/1", reason: "no-source", code: "E_NO_SOURCE", text: "\u001b[2Jx", remedy: "\u0007", source: null },
    ],
  }));
  const { exitCode, stdout } = await machine.run("show", file);
  assert.is(exitCode, 0);
  assert.not.match(stdout, /[\u0000-\u0009\u000b-\u001f]/);
});

saved("a file that somebody else can write to is refused, as documents are", async (context) => {
  fs.chmodSync(context.file, 0o666);
  await refused(context, 65, /can be written by everybody/);
  await context.machine.apply(0, context.file, "--allow-insecure-files");
});

saved("what contradicts a plan that was made already is wrong usage", async ({ machine, file }) => {
  for (const words of [["--dry-run"], ["--module", "good"], ["--kernel", "6.1.0-1"], ["another.plan"]]) {
    assert.is((await machine.run("apply", file, ...words)).exitCode, 64, words.join(" "));
  }
  assert.is((await machine.run("show")).exitCode, 64);
  const bare = await machine.run("show", path.basename(file));
  assert.is(bare.exitCode, 65);
});
saved.run();
