import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { dkms as dkmsCommand } from "../../src/commands/dkms.ts";
import { plainTerminal } from "../../src/report/terminal.ts";
import { type AgentRoot, agentRoot, cli, runAgent } from "../rig/agent.ts";
import { fakeObject } from "../rig/fake-object.ts";
import { runProgram } from "../rig/run-program.ts";
import { differences, snapshot } from "../rig/snapshot.ts";
import { testNeeding } from "../rig/test-needing.ts";

interface Context {
  machine: AgentRoot;
}

const release = "6.1.0-1-amd64";

/** A machine with one kernel, and modules that can be added; nothing here is ever built. */
function withMachine(title: string) {
  const scenario = suite<Context>(title);
  scenario.before.each((context) => {
    context.machine = agentRoot([]);
    const { at } = context.machine;
    fs.mkdirSync(at("lib/modules", release, "build/include"), { recursive: true });
    for (const name of ["good", "other"]) {
      fs.mkdirSync(at(`usr/src/${name}-1.0`));
      const conf = `PACKAGE_NAME=${name}\nPACKAGE_VERSION=1.0\nBUILT_MODULE_NAME=${name}\nDEST_MODULE_LOCATION=/extra\n`;
      fs.writeFileSync(at(`usr/src/${name}-1.0/dkms.conf`), conf);
    }
  });
  scenario.after.each(({ machine }) => machine.remove());
  return scenario;
}

const added = (name: string) => `  - {name: ${name}, version: "1.0", state: added}`;

const codes = withMachine("exit codes");

codes("plan is 0 whatever it finds, unless --detailed-exitcode asks: nothing 0, blocked 3", async ({ machine }) => {
  machine.want(`${added("good")}\n${added("missing")}`);
  assert.is((await machine.run("plan")).exitCode, 0);
  machine.want(added("missing"));
  assert.is((await machine.run("plan", "--detailed-exitcode")).exitCode, 3);
  machine.want("");
  assert.is((await machine.run("plan", "--detailed-exitcode")).exitCode, 0);
});

codes("apply --dry-run is plan", async ({ machine }) => {
  machine.want(added("good"));
  const before = snapshot(machine.root);
  assert.match(await machine.apply(2, "--dry-run", "--detailed-exitcode"), "Plan: ");
  assert.equal(differences(before, snapshot(machine.root)), []);
});

codes("an invalid desired state: 65, for apply --detailed-exitcode 1", async ({ machine }) => {
  machine.want('  - {name: good, verison: "1.0"}');
  for (const command of ["validate", "plan", "apply", "status"]) {
    const { exitCode, stdout, stderr } = await machine.run(command);
    assert.is(exitCode, 65, command);
    assert.match(stdout + stderr, /modules\.yaml:\d+:\d+: error: .*verison.*\[E_UNKNOWN_KEY\]/);
    assert.match(stdout + stderr, '"version"');
  }
});

codes("running under another root: 65, with what to name instead", async ({ machine }) => {
  machine.want('  - {name: good, version: "1.0", kernels: [running]}');
  for (const command of ["plan", "apply"]) {
    const { exitCode, stderr } = await machine.run(command);
    assert.is(exitCode, 65, command);
    assert.match(stderr, /"running", for good, means nothing .*\[E_RUNNING_ELSEWHERE\]/);
    assert.match(stderr, /Name others in `kernels:`: newest/);
  }
});

codes("no documents, an empty directory, a root that is not there, a module that is not there", async ({ machine }) => {
  const nothing = await machine.run("plan", "-f", machine.at("nothing"));
  assert.is(nothing.exitCode, 65);
  assert.match(nothing.stderr, machine.at("nothing"));
  assert.match(nothing.stderr, "--desired");
  const empty = await machine.run("validate", "-f", machine.at("var/lib"));
  assert.is(empty.exitCode, 65);
  assert.match(empty.stdout, "holds no *.yaml file");
  assert.match(empty.stdout, "dkms-agent import --out FILE");
  const root = await runAgent(machine.at("nothing"), ["plan"]);
  assert.is(root.exitCode, 64);
  assert.match(root.stderr, `--root: ${machine.at("nothing")} is not a directory`);
  machine.want(added("good"));
  for (const command of ["plan", "apply", "status"]) {
    const unknown = await machine.run(command, "--module", "goood");
    assert.is(unknown.exitCode, 64, command);
    assert.match(unknown.stderr, 'Did you mean "good"?');
  }
});

codes("a current directory that is gone is told as such", async ({ machine }) => {
  const directory = machine.at("gone");
  const { exitCode, stderr } = await runProgram("bash", [
    ...["-c", 'mkdir "$1"; cd "$1"; rmdir "$1"; "$2" "$3" validate -f here', "bash", directory],
    ...[process.execPath, cli],
  ]);
  assert.is(exitCode, 1);
  assert.is(stderr, "dkms-agent: The current directory does not exist any more. Change to another one.\n");
});

codes.run();

const json = withMachine("JSON");

json("stdout holds one document for plan, status and validate, also where something is wrong", async ({ machine }) => {
  machine.want(`${added("good")}\n${added("missing")}`);
  const documents = [["plan"], ["status"], ["validate"], ["plan", "--kernel", release], ["status", "--module", "good"]];
  for (const [command = "", ...options] of documents) {
    const { stdout } = await machine.run(command, "--json", ...options);
    const document: { format_version: string } = JSON.parse(stdout);
    assert.is(document.format_version, "1.0", command);
  }
  machine.want("  - {}");
  for (const command of ["plan", "validate"]) {
    const { exitCode, stdout, stderr } = await machine.run(command, "--json");
    const document: { valid: boolean; error_count: number; diagnostics: unknown[] } = JSON.parse(stdout);
    assert.is(exitCode, 65);
    assert.is(document.valid, false);
    assert.is(document.error_count, document.diagnostics.length);
    assert.is(stderr, "");
  }
});

json("apply is one event per line, the version first and the end last", async ({ machine }) => {
  machine.want(`${added("good")}\n${added("missing")}`);
  const { exitCode, stdout, stderr } = await machine.run("apply", "--json");
  assert.is(exitCode, 3);
  assert.is(stderr, "");
  const types = stdout
    .trimEnd()
    .split("\n")
    .map((line): { type: string } => JSON.parse(line))
    .map(({ type }) => type);
  const expected = ["version", "planned_change", "change_summary", "step_start", "step_complete", "run_complete"];
  assert.equal(types, expected);
});

json("apply with invalid documents tells each problem in a line", async ({ machine }) => {
  machine.want("  - {}");
  const { exitCode, stdout } = await machine.run("apply", "--json");
  assert.is(exitCode, 65);
  const lines = stdout.trimEnd().split("\n");
  const [first, second]: { type: string }[] = lines.map((line) => JSON.parse(line));
  assert.equal([first?.type, second?.type], ["version", "diagnostic"]);
});
json.run();

const manners = withMachine("manners");

manners("plan, status and validate write nothing anywhere", async ({ machine }) => {
  machine.want(added("good"));
  const before = snapshot(machine.root);
  for (const command of ["plan", "status", "validate", "plan --json", "dkms status"]) await machine.run(command);
  assert.equal(differences(before, snapshot(machine.root)), []);
});

manners("status needs no documents", async ({ machine }) => {
  machine.want(added("good"));
  await machine.apply();
  fs.rmSync(machine.at("etc/dkms-agent"), { recursive: true });
  const { exitCode, stdout, stderr } = await machine.run("status");
  assert.is(exitCode, 0);
  assert.is(stderr, "");
  assert.match(stdout, new RegExp(`^module {4}${release}\ngood/1\\.0 {2}added\n`));
});

manners("a reader that has seen enough ends the output and nothing else", async ({ machine }) => {
  machine.want(added("good"));
  const script = 'set -o pipefail; "$@" | true';
  const piped = (...words: string[]) =>
    runProgram("bash", ["-c", script, "bash", process.execPath, cli, ...words, "--root", machine.root]);
  assert.equal(await piped("plan", "--json"), { exitCode: 0, stdout: "", stderr: "" });
  assert.equal(await piped("apply", "--detailed-exitcode"), { exitCode: 2, stdout: "", stderr: "" });
  assert.ok(fs.existsSync(machine.at("var/lib/dkms/good/1.0/source")), "it was applied all the same");
  assert.match((await machine.run("history")).stdout, / 1 step done .*\n\nThe next apply has nothing to do/);
});

manners("output that cannot be written is a failure", async ({ machine }) => {
  machine.want(added("good"));
  const { exitCode, stderr } = await runProgram("bash", [
    ...["-c", '"$@" > /dev/full', "bash", process.execPath, cli, "plan", "--root", machine.root],
  ]);
  assert.is(exitCode, 1);
  assert.match(stderr, "The output could not be written: ENOSPC");
});

manners("asked to stop while it reads, it ends what it started and says so", async ({ machine }) => {
  const fifo = machine.at("fifo");
  await runProgram("mkfifo", [fifo]);
  fs.appendFileSync(machine.at("usr/src/good-1.0/dkms.conf"), `[ -n "$kernelver" ] && read word < ${fifo}\n`);
  machine.want(`  - {name: good, version: "1.0", kernels: [${release}]}`);
  const child = spawn(process.execPath, [cli, "plan", "--root", machine.root], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  // Opening a fifo to write waits for its reader, which is dkms.conf.
  const pipe = await fs.promises.open(fifo, "w");
  child.kill("SIGTERM");
  const ending = await once(child, "close");
  await pipe.close();
  assert.equal(ending, [null, "SIGTERM"]);
  assert.is(said, "dkms-agent: Stopped (SIGTERM); nothing was changed.\n");
});

manners("version and help load neither yaml nor zod", async ({ machine }) => {
  const marks = { yaml: "tag:yaml.org,2002", zod: "ZodError" };
  const loadedBy = async (...words: string[]) => {
    const coverage = machine.at("coverage");
    await runProgram(process.execPath, [cli, ...words], { env: { NODE_V8_COVERAGE: coverage } });
    const reports = fs.readdirSync(coverage).map((file) => fs.readFileSync(path.join(coverage, file), "utf8"));
    fs.rmSync(coverage, { recursive: true });
    const names = reports.flatMap((text) => text.match(/(?<="url":"(?:file:[^"]*\/)?)[\w.-]+\.cjs(?=")/g) ?? []);
    assert.ok(names.includes(path.basename(cli)), "the test sees which files of the program are loaded");
    const code = names.map((name) => fs.readFileSync(path.join(path.dirname(cli), name), "utf8")).join("");
    return Object.entries(marks).flatMap(([name, mark]) => (code.includes(mark) ? [name] : []));
  };
  machine.want(added("good"));
  assert.equal(await loadedBy("validate", "--root", machine.root), ["yaml", "zod"], "the test sees what is loaded");
  for (const words of [["--version"], ["--help"], ["plan", "--help"], ["dkms", "status", "--root", machine.root]]) {
    assert.equal(await loadedBy(...words), [], words.join(" "));
  }
});

manners("prints its version and the schema", async () => {
  const text = fs.readFileSync(path.join(import.meta.dirname, "../../package.json"), "utf8");
  const { version }: { version: string } = JSON.parse(text);
  assert.is((await runProgram(process.execPath, [cli, "--version"])).stdout, `${version}\n`);
  const schema = fs.readFileSync(path.join(import.meta.dirname, "../../desired-state/schema.json"), "utf8");
  assert.is((await runProgram(process.execPath, [cli, "schema"])).stdout, schema);
});
manners(
  "a bug is told in JSON too, as a document, and as an event behind those that were there before",
  async ({ machine }) => {
    machine.want(added("good"));
    const preload = (text: string) => {
      fs.writeFileSync(machine.at("bug.cjs"), text);
      return { env: { NODE_OPTIONS: `--require=${machine.at("bug.cjs")}` } };
    };
    const bug = preload('require("node:fs").readdirSync = () => { throw new TypeError("oops"); };\n');
    const diagnosed = (text: string) => {
      const { diagnostics, diagnostic = diagnostics[0], type } = JSON.parse(text);
      return `${type} ${diagnostic?.code} ${diagnostic?.message}`;
    };
    const planned = await runAgent(machine.root, ["plan", "--json"], bug);
    assert.is(planned.exitCode, 1);
    assert.is(diagnosed(planned.stdout), "undefined E_INTERNAL This is a bug in dkms-agent: oops");
    assert.match(planned.stderr, /^dkms-agent: This is a bug, please report it: oops .*\n$/);
    const early = await runAgent(machine.root, ["apply", "--json"], bug);
    const late = await runAgent(
      machine.root,
      ["apply", "--json"],
      preload(`const fs = require("node:fs");
const { openSync } = fs;
fs.openSync = (file, ...more) => {
  if (String(file).endsWith("journal.jsonl")) throw new TypeError("oops");
  return openSync(file, ...more);
};
`),
    );
    for (const { exitCode, stdout } of [early, late]) {
      assert.is(exitCode, 1);
      const events = stdout.trimEnd().split("\n");
      assert.equal(events.filter((line) => JSON.parse(line).type === "version").length, 1);
      assert.is(diagnosed(events.at(-1) ?? ""), "diagnostic E_INTERNAL This is a bug in dkms-agent: oops");
    }
  },
);
manners.run();

const dkms = withMachine("dkms");
const nowhere = { write: () => {}, terminal: plainTerminal };
const silent = { out: nowhere, err: nowhere };

testNeeding(dkms, ["dkms"], "dkms status answers every command line as dell/dkms does", async (part, { machine }) => {
  machine.want(`${added("good")}\n${added("other")}`);
  await machine.apply();
  for (const kernel of [release, "6.1.0-2-amd64"]) {
    const objects = machine.at("var/lib/dkms/good/1.0", kernel, "x86_64/module");
    fs.mkdirSync(objects, { recursive: true });
    fs.writeFileSync(path.join(objects, "good.ko"), fakeObject({ name: "good", release: kernel }));
  }
  const [bash, script] = part("dkms").command;
  const trees = Object.entries({ dkmstree: "var/lib/dkms", sourcetree: "usr/src", installtree: "lib/modules" });
  const places = trees.map(([name, place]) => `--${name}=${machine.at(place)}`);
  for (const line of dkmsLines) {
    const words = [...line.split(" "), ...places];
    const theirs = await runProgram(bash, [script, ...words]);
    const ours = await dkmsCommand(words, { io: silent, signal: new AbortController().signal });
    assert.is(ours.exitCode, theirs.exitCode, line);
    // Usage texts are our own words.
    if (theirs.exitCode === 0) assert.is(ours.out, theirs.stdout, line);
  }
});

const dkmsLines = [
  ...["status", "status good", "status good/1.0", "good status", "status -m good", "status -m good -v 2.0"],
  ...["status good/", "status -m good/1.0 -v 2.0", "status nothing", "status -v 1.0", "status -v 2.0 good/1.0"],
  ...["status --module=other", "status --module other", "status good other"],
  ...[
    `status -k ${release}`,
    `status -k ${release}/x86_64`,
    `status --kernelver=${release}`,
    "status -k 6.1.0-9-amd64",
  ],
  ...[`status -k ${release} -k 6.1.0-2-amd64`, `status -k ${release} -a x86_64`, `status -k ${release} -a i686`],
  ...[
    `status -k ${release} -k 6.1.0-2-amd64 -a x86_64 -a i686`,
    "status -a x86_64",
    "status -a i686",
    "status --arch=x86_64",
  ],
  ...["status -a x86_64 -a i686", `status -k ${release}/x86_64 -a i686`, "status --all", `status --all -k ${release}`],
  ...["status --all -a x86_64", "status -q", "status --quiet", "status --verbose", "status -j 2", "status --no-initrd"],
  ...["status --no-depmod --force --binaries-only", "status --bogus", "status -mgood", "status -j2", "status build"],
  ...["--version", "-V", "status --version"],
];

dkms("started under the name dkms, it is that command", async ({ machine }) => {
  const link = machine.at("dkms");
  fs.symlinkSync(cli, link);
  assert.is((await runProgram(link, ["--version"])).stdout, "dkms-3.2.2\n");
  machine.want(added("good"));
  await machine.apply();
  assert.is((await runProgram(link, ["status", "--root", machine.root])).stdout, "good/1.0: added\n");
});

dkms("a verb that is spelled wrongly is told from a module", async ({ machine }) => {
  const { exitCode, stderr } = await machine.run("dkms stauts");
  assert.is(exitCode, 2);
  assert.match(stderr, 'Did you mean "status"?');
});
dkms.run();
