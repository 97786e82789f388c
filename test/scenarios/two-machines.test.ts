import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type AgentRoot, agentRoot, runAgent } from "../rig/agent.ts";
import { bootWithModules } from "../rig/boot.ts";
import type { HeadersOfKernel } from "../rig/kernels-with-headers.ts";
import type { ModuleSource } from "../rig/parts.ts";
import { type ProgramResult, runProgram } from "../rig/run-program.ts";
import { type PartsOf, testNeeding } from "../rig/test-needing.ts";
import { treeListing } from "../rig/tree-listing.ts";
import { withoutPrograms } from "../rig/without-programs.ts";

const scenario = suite("a machine that builds, and machines that only have tarballs");
const needs = [
  ...(["two-kernels", "rt-kernel", "linux-image", "module-sources", "gcc", "make", "kmod", "dkms"] as const),
  ...(["qemu", "busybox", "cpio", "root", "unshare"] as const),
];
type Part = PartsOf<(typeof needs)[number]>;

testNeeding(
  scenario,
  needs,
  "binaries of two modules get from one to the other, by document and by hand",
  async (part) => {
    const { older, newer } = part("two-kernels");
    const kernels = [older, newer, part("rt-kernel")];
    const modules = ["v4l2loopback", "vpoll"].map((name) => moduleOf(part, name));
    const builder = agentRoot(kernels);
    const [bare, other] = [bareMachine(kernels), bareMachine(kernels)];
    try {
      const archives = await pack(builder, { modules, kernels });
      await installByDocument(bare, { archives, modules, kernels });
      await boots(bare, part);
      await leaveNoTrace(bare, modules);
      await installByHand(other, { archives, part, kernels: [older, newer] });
    } finally {
      for (const machine of [builder, bare, other]) machine.remove();
    }
  },
);

scenario.run();

function moduleOf(part: Part, name: string): ModuleSource {
  const found = part("module-sources").modules.find((one) => one.name === name);
  assert.ok(found, `${name} is among the parts`);
  return found;
}

interface Packing {
  readonly modules: readonly ModuleSource[];
  /** The last one has an archive of its own, and of the last module only. */
  readonly kernels: readonly HeadersOfKernel[];
}

interface Archives {
  /** Of each module, for all kernels but the last. */
  readonly common: readonly string[];
  /** Of the last module for the last kernel. */
  readonly late: string;
}

/** Builds everything, each module once for each kernel, and packs it without its source. */
async function pack(builder: AgentRoot, { modules, kernels }: Packing): Promise<Archives> {
  const [first, last] = [kernels.slice(0, -1), kernels.slice(-1)].map((some) => some.map(({ release }) => release));
  assert.ok(first && last);
  const entry = ({ name, version, directory }: ModuleSource, releases: readonly string[]) =>
    `  - {name: ${name}, version: ${version}, state: built, source: ${directory}, kernels: [${releases.join(", ")}]}`;
  const wanted = modules.map((module, index) => entry(module, index === 0 ? first : [...first, ...last]));
  builder.want(wanted.join("\n"));
  await builder.apply();
  const make = async ({ name, version }: ModuleSource, releases: readonly string[], ending: string) => {
    const file = builder.at("tarballs", `${name}${ending}`);
    const chosen = releases.flatMap((release) => ["-k", release]);
    const words = ["dkms", "mktarball", `${name}/${version}`, "--binaries-only", "--archive", file, ...chosen];
    const { exitCode, stderr } = await runAgent(builder.root, words);
    assert.is(exitCode, 0, stderr);
    return file;
  };
  const common = [];
  for (const module of modules) common.push(await make(module, first, ".dkms.tar.gz"));
  const [lastModule] = modules.slice(-1);
  assert.ok(lastModule);
  return { common, late: await make(lastModule, last, "-late.dkms.tar.xz") };
}

/** Kernels without headers, no source tree, and none of the programs that a build takes. */
function bareMachine(kernels: readonly HeadersOfKernel[]): AgentRoot {
  const machine = agentRoot(kernels);
  for (const { release } of kernels) fs.rmSync(machine.at("lib/modules", release, "build"));
  fs.rmSync(machine.at("usr"), { recursive: true });
  return machine;
}

const tools = ["make", "gcc", "cc", "ld", "as", "strip", "objcopy", "patch", "bash"];

async function onBare(machine: AgentRoot, words: readonly string[]): Promise<ProgramResult> {
  const without = withoutPrograms(tools);
  try {
    return await runAgent(machine.root, words, { prefix: without.prefix });
  } finally {
    without.remove();
  }
}

interface ByDocument extends Packing {
  readonly archives: Archives;
}

async function installByDocument(machine: AgentRoot, { archives, modules, kernels }: ByDocument): Promise<void> {
  const releases = kernels.map(({ release }) => release);
  const common = releases.slice(0, -1);
  const [last = ""] = releases.slice(-1);
  const entries = (late: readonly string[]) =>
    modules.map(({ name, version }, index) => {
      const files =
        index === modules.length - 1 ? [...archives.common.slice(index), ...late] : archives.common.slice(index, 1);
      const named = index === modules.length - 1 ? releases : common;
      const list = files.map((file) => `{path: ${file}, sha256: ${digest(file)}}`).join(", ");
      return `  - {name: ${name}, version: ${version}, build: never, kernels: [${named.join(", ")}], tarballs: [${list}]}`;
    });
  const apply = async (exitCode: number) => {
    const result = await onBare(machine, ["apply"]);
    assert.is(result.exitCode, exitCode, `${result.stdout}${result.stderr}`);
    return result;
  };
  const installed = (instance: string) => fs.existsSync(machine.at("lib/modules", instance));

  machine.want(entries([]).join("\n"));
  const first = await apply(3);
  assert.match(`${first.stdout}${first.stderr}`, /no-binary|E_NO_BINARY/);
  for (const release of common)
    for (const { name } of modules) assert.is(madeFor(machine, { release, object: `${name}.ko` }), release);
  assert.not(installed(`${last}/updates/dkms/vpoll.ko`));

  const before = treeListing(machine.root, isState);
  await apply(3);
  assert.equal(treeListing(machine.root, isState), before, "the second apply changes nothing");

  machine.want(entries([archives.late]).join("\n"));
  await apply(0);
  assert.is(madeFor(machine, { release: last, object: "vpoll.ko" }), last);
  const after = treeListing(machine.root, isState);
  await apply(0);
  assert.equal(treeListing(machine.root, isState), after);
}

/** What the agent keeps for itself. */
function isState(file: string): boolean {
  return file.startsWith("var/lib/dkms/.dkms-agent");
}

function digest(file: string): string {
  return createHash("sha256").update(fs.readFileSync(file)).digest("hex");
}

/** Neither in the trees nor in the install trees is anything left. */
async function leaveNoTrace(machine: AgentRoot, modules: readonly ModuleSource[]): Promise<void> {
  machine.want(
    modules.map(({ name, version }) => `  - {name: ${name}, version: ${version}, state: absent}`).join("\n"),
  );
  const { exitCode, stdout, stderr } = await onBare(machine, ["apply"]);
  assert.is(exitCode, 0, stdout + stderr);
  const left = treeListing(machine.root, isState).filter((line) => /v4l2loopback|vpoll/.test(line));
  assert.equal(left, []);
}

interface ByHand {
  readonly archives: Archives;
  readonly part: Part;
  readonly kernels: readonly HeadersOfKernel[];
}

/** As the documentation of DKMS tells it; what dell/dkms 3.2.2 makes of the same archive stands beside it. */
async function installByHand(machine: AgentRoot, { archives, part, kernels }: ByHand): Promise<void> {
  const [archive = ""] = archives.common;
  const dkms = async (...words: readonly string[]) => {
    const { exitCode, stdout, stderr } = await onBare(machine, ["dkms", ...words]);
    assert.is(exitCode, 0, `${words.join(" ")}: ${stdout}${stderr}`);
    return stdout;
  };
  const releases = kernels.map(({ release }) => release);
  const lines = (level: string) =>
    releases.map((release) => `v4l2loopback/0.12.7, ${release}, x86_64: ${level}\n`).join("");
  await dkms("ldtarball", "--force", archive);
  assert.is(await dkms("status"), lines("built"));
  for (const release of releases) await dkms("install", "v4l2loopback/0.12.7", "-k", release);
  assert.is(await dkms("status"), lines("installed"));
  for (const release of releases) assert.is(madeFor(machine, { release, object: "v4l2loopback.ko" }), release);

  const theirs = agentRoot([]);
  try {
    const trees = { dkmstree: "var/lib/dkms", sourcetree: "usr/src", installtree: "lib/modules" };
    const options = Object.entries(trees).flatMap(([name, place]) => [`--${name}`, theirs.at(place)]);
    const [bash, script] = part("dkms").command;
    const dell = (...words: readonly string[]) => runProgram(bash, [script, ...words, ...options]);
    assert.is((await dell("ldtarball", "--force", archive)).exitCode, 1);
    assert.is((await dell("status")).stdout, "");
    const built = treeListing(theirs.at("var/lib/dkms/v4l2loopback/0.12.7")).filter((line) => line.includes(".ko"));
    assert.is(built.length, 1, "the second kernel's object has replaced the first kernel's");
    assert.match(built[0] ?? "", releases[0] ?? "-");
    const object = theirs.at("var/lib/dkms/v4l2loopback/0.12.7", releases[0] ?? "", "x86_64/module/v4l2loopback.ko");
    assert.is(vermagic(object), releases[1]);
  } finally {
    theirs.remove();
  }
}

interface InstalledObject {
  readonly release: string;
  readonly object: string;
}

/** The release in the vermagic of an installed object. */
function madeFor({ at }: AgentRoot, { release, object }: InstalledObject): string {
  return vermagic(at("lib/modules", release, "updates/dkms", object));
}

function vermagic(file: string): string {
  const said = execFileSync("modinfo", ["-F", "vermagic", file], { encoding: "utf8" });
  return said.split(" ")[0] ?? "";
}

/** One of the objects works in the kernel that it was built for. */
async function boots({ at }: AgentRoot, part: Part): Promise<void> {
  const { release, vmlinuz } = part("linux-image");
  const { loaded, console } = await bootWithModules({
    kernelImage: vmlinuz,
    objects: [at("lib/modules", release, "updates/dkms/vpoll.ko")],
    busybox: part("busybox").path,
    qemu: part("qemu").path,
    timeoutMs: 300_000,
  });
  assert.equal(loaded, [true], console);
}
