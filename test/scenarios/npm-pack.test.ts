import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type ProgramResult, runProgram } from "../rig/run-program.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";

interface Installed {
  directory: string;
  /** The paths in the archive. */
  packed: string[];
}

const project = new URL("../..", import.meta.url).pathname;
const version: unknown = JSON.parse(readFileSync(join(project, "package.json"), "utf8")).version;
const npmPack = suite<Installed>("npm pack");

/** What a program of somebody else's looks like. */
const applyByStages = `
import {
  applyOptionsOf, applyPlan, assemblePlan, loadDesired, noFilter, openHost, openJournal, reconcile, runOptionsOf,
  scanActual, scanRequest, withLock, type Applied, type Result,
} from "dkms-agent";

const [documents = "", root = ""] = process.argv.slice(2);
const request = { places: { root }, signal: new AbortController().signal, allowInsecureFiles: true };
const opened = await openHost(request, (problems) => console.error(problems));
if (!opened.ok) throw new Error(opened.error.message);
const { host } = opened.value;
const { desired } = loadDesired(host, [documents], request);
if (!desired) throw new Error("not valid");
const look = async () => assemblePlan(desired, await scanActual(host, scanRequest(desired, host.machine, noFilter)));
const options = { ...runOptionsOf(opened.value), lockTimeoutMs: 0 };

const result: Result<Applied> = await withLock(host, options, async () => {
  const plan = await look();
  const journal = openJournal(host, { ...options.facts, command: "a test", engine: "builtin" });
  journal.start(desired, plan);
  const outcome = await applyPlan(host, plan, applyOptionsOf(opened.value, journal));
  journal.end({ ...outcome, remaining: await look() });
  return { ok: true, value: outcome };
});
if (!result.ok) throw new Error(result.error.message);
for (const { id, result: end } of result.value.steps) console.log(id, end);
console.log((await look()).changes.length, "changes");

const again = await reconcile(host, desired, options);
if (again.ok) console.log(again.value.outcome?.changed === false ? "unchanged" : "changed");
`;

npmPack.before(async (context) => {
  context.directory = mkdtempSync(join(tmpdir(), "dkms-agent-npm-pack-"));
  mkdirSync(join(context.directory, "prefix"));
  const packed = await npm(context.directory, ["pack", "--json", "--pack-destination", context.directory, project]);
  const { filename, files } = readPackReport(packed.stdout);
  context.packed = files;
  const archive = join(context.directory, filename);
  const prefix = join(context.directory, "prefix");
  await npm(context.directory, ["install", "--offline", "--prefix", prefix, archive]);
});

npmPack.after(({ directory }) => {
  rmSync(directory, { recursive: true, force: true });
});

npmPack("holds the program, its licences and the schema, and nothing that only this checkout needs", ({ packed }) => {
  const unit = "packaging/systemd/dkms-agent-apply.timer";
  for (const needed of [
    "dist/cli.cjs",
    "dist/THIRD-PARTY-LICENSES.txt",
    "desired-state/schema.json",
    "LICENSE",
    unit,
  ]) {
    assert.ok(packed.includes(needed), `${needed} is missing in ${packed.join(" ")}`);
  }
  const allowed =
    /^(dist\/.*|packaging\/.*|desired-state\/(config\.)?schema\.json|package\.json|(README|CHANGELOG)\.md|LICENSE)$/;
  assert.equal(
    packed.filter((path) => !allowed.test(path)),
    [],
  );
});

npmPack("needs no other package", ({ directory }) => {
  const modules = join(directory, "prefix/node_modules");
  const { dependencies } = JSON.parse(readFileSync(join(modules, "dkms-agent/package.json"), "utf8"));
  assert.is(dependencies, undefined);
  const lock = JSON.parse(readFileSync(join(modules, ".package-lock.json"), "utf8"));
  assert.equal(Object.keys(lock.packages), ["node_modules/dkms-agent"]);
});

npmPack("keeps the hooks executable: others are not called", ({ directory }) => {
  const packaging = join(directory, "prefix/node_modules/dkms-agent/packaging");
  for (const hook of [
    ...["postinst.d", "header_postinst.d", "prerm.d"].map((name) => `kernel-hooks/${name}/dkms-agent`),
    "kernel-install/45-dkms-agent.install",
  ])
    assert.ok(statSync(join(packaging, hook)).mode & 0o100, hook);
});

npmPack("tells its version where it was installed", async ({ directory }) => {
  const { exitCode, stdout, stderr } = await agent(directory, ["--version"]);
  assert.is(exitCode, 0, stderr);
  assert.is(stdout.trim(), version);
});

npmPack("validates a document where it was installed", async ({ directory }) => {
  const document = join(directory, "modules.yaml");
  writeFileSync(document, "apiVersion: dkms-agent/v1\nmodules:\n  - name: hello\n    version: 1.0\n");
  const good = await agent(directory, ["validate", "-f", document]);
  assert.is(good.exitCode, 0, good.stdout + good.stderr);

  writeFileSync(document, "apiVersion: dkms-agent/v1\nmodules:\n  - name: hello\n    versoin: 1.0\n");
  const bad = await agent(directory, ["validate", "-f", document]);
  assert.is(bad.exitCode, 65);
  assert.match(bad.stdout + bad.stderr, /versoin/);
});

/** A module in the source tree that is only to be added, so that nothing is compiled. */
function addedOnly(): TreeBuilder {
  const tree = dkmsTree();
  tree.kernel("6.1.0-1");
  tree.write("usr/src/demo-1.0/dkms.conf", "PACKAGE_NAME=demo\nPACKAGE_VERSION=1.0\nDEST_MODULE_LOCATION=/updates\n");
  tree.write("modules.yaml", "apiVersion: dkms-agent/v1\nmodules: [{name: demo, version: 1.0, state: added}]\n");
  return tree;
}

npmPack("the example plans for a host and prints what it wants", async ({ directory }) => {
  const tree = addedOnly();
  try {
    const example = join(directory, "prefix/plan-a-host.mjs");
    copyFileSync(join(project, "examples/plan-a-host.mjs"), example);
    const plan = () => runProgram(process.execPath, [example, tree.at("modules.yaml"), tree.root]);
    assert.equal(await printed(plan()), "demo/1.0: add, since it is not in the DKMS tree\n");
    writeFileSync(tree.at("modules.yaml"), "apiVersion: dkms-agent/v1\nmodules: [{name: demo}]\n");
    const { exitCode, stdout } = await plan();
    assert.is(exitCode, 65);
    assert.match(stdout, /modules\.yaml:2: .*version/);
  } finally {
    tree.remove();
  }
});

npmPack("a program in TypeScript applies a plan, stage by stage and as a whole", async ({ directory }) => {
  const tree = addedOnly();
  try {
    const program = join(directory, "prefix/apply.mts");
    writeFileSync(program, applyByStages);
    const options = [
      "--ignoreConfig",
      "--strict",
      "--noEmit",
      "--module",
      "nodenext",
      "--target",
      "es2023",
      "--exactOptionalPropertyTypes",
    ];
    const types = ["--typeRoots", join(project, "node_modules/@types"), "--types", "node", "--skipLibCheck", "false"];
    const checked = await runProgram(join(project, "node_modules/.bin/tsc"), [...options, ...types, program]);
    assert.equal([checked.stdout, checked.exitCode], ["", 0]);
    const run = runProgram(process.execPath, ["--import", "tsx", program, tree.at("modules.yaml"), tree.root], {
      cwd: project,
    });
    assert.is(await printed(run), "add:demo/1.0 done\n0 changes\nunchanged\n");
    assert.ok(existsSync(tree.at("var/lib/dkms/demo/1.0/source")));
  } finally {
    tree.remove();
  }
});

npmPack("a program in CommonJS finds the library and the schemas", async ({ directory }) => {
  const script = "const { documentJsonSchema } = require('dkms-agent'); console.log(documentJsonSchema('plan').type)";
  const schema = "console.log(require('dkms-agent/schema.json').title)";
  const env = { NODE_NO_WARNINGS: "1" };
  const run = runProgram(process.execPath, ["-e", `${script};${schema}`], { cwd: join(directory, "prefix"), env });
  assert.is(await printed(run), "object\ndkms-agent desired state\n");
});

npmPack.run();

async function printed(run: Promise<ProgramResult>): Promise<string> {
  const { exitCode, stdout, stderr } = await run;
  assert.equal([exitCode, stderr], [0, ""]);
  return stdout;
}

function agent(directory: string, args: readonly string[]): Promise<ProgramResult> {
  const command = join(directory, "prefix/node_modules/.bin/dkms-agent");
  assert.ok(existsSync(command));
  return runProgram(command, args, { cwd: directory });
}

/** npm with an empty cache, so that anything it had to download would be missed. */
async function npm(directory: string, args: readonly string[]): Promise<ProgramResult> {
  const env = { npm_config_cache: join(directory, "npm-cache"), npm_config_update_notifier: "false" };
  const result = await runProgram("npm", args, { cwd: directory, env });
  assert.is(result.exitCode, 0, `npm ${args.join(" ")}\n${result.stdout}${result.stderr}`);
  return result;
}

interface PackReport {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** npm prints an array of reports, or an object of them by package, depending on its version. */
function readPackReport(stdout: string): { filename: string; files: string[] } {
  const reports: Readonly<Record<string, PackReport>> = JSON.parse(stdout.slice(stdout.search(/^[[{]/m)));
  const [report] = Object.values(reports);
  assert.ok(report);
  return { filename: report.filename, files: report.files.map(({ path }) => path) };
}
