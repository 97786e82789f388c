import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type ProgramResult, runProgram } from "../rig/run-program.ts";

interface Installed {
  directory: string;
  /** The paths in the archive. */
  packed: string[];
}

const project = new URL("../..", import.meta.url).pathname;
const version: unknown = JSON.parse(readFileSync(join(project, "package.json"), "utf8")).version;
const npmPack = suite<Installed>("npm pack");

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
  for (const needed of ["dist/cli.cjs", "dist/THIRD-PARTY-LICENSES.txt", "desired-state/schema.json", "LICENSE"]) {
    assert.ok(packed.includes(needed), `${needed} is missing in ${packed.join(" ")}`);
  }
  const allowed = /^(dist\/.*|desired-state\/(config\.)?schema\.json|package\.json|(README|CHANGELOG)\.md|LICENSE)$/;
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

npmPack.run();

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
