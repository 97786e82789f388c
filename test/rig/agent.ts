import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import * as assert from "uvu/assert";
import type { HeadersOfKernel } from "./kernels-with-headers.ts";
import type { Dkms } from "./parts.ts";
import { type ProgramOptions, type ProgramResult, runProgram } from "./run-program.ts";

/**
 * A machine of its own below a temporary directory, and the real program to reconcile it: real headers, real make, and
 * every kernel with a modules.dep, so that depmod runs. `npm test` builds the program first.
 */
export interface AgentRoot {
  readonly root: string;
  readonly at: (...parts: readonly string[]) => string;
  /** Writes the desired state: YAML below `modules:` (and before it, if `head` says something). */
  readonly want: (modules: string, head?: string) => void;
  /** Runs the program on this root with the desired state. */
  readonly run: (command: string, ...options: readonly string[]) => Promise<ProgramResult>;
  /** Runs `apply` and asserts its exit code, 0 unless given; what it printed on stdout. */
  readonly apply: (exitCode?: number, ...options: readonly string[]) => Promise<string>;
  /** The steps that `plan` would make, `kind address`, without the architecture. */
  readonly planned: () => Promise<readonly string[]>;
  /** What `dkms-agent dkms status` prints, after asserting that dell/dkms prints the same. */
  readonly status: (dkms: Dkms) => Promise<string>;
  readonly remove: () => void;
}

/** The built program. */
export const cli = path.join(import.meta.dirname, "../../dist/cli.cjs");

/** An empty root with the given kernels; where it lies matters only to who compares what is built in several. */
export function agentRoot(
  kernels: readonly HeadersOfKernel[],
  root = fs.mkdtempSync(path.join(os.tmpdir(), "dkms-agent-root-")),
): AgentRoot {
  const at = (...parts: readonly string[]) => path.join(root, ...parts);
  for (const kernel of kernels) addKernel(at("lib/modules", kernel.release), kernel);
  for (const directory of ["etc", "usr/src", "var/lib"]) fs.mkdirSync(at(directory), { recursive: true });
  fs.writeFileSync(at("etc/os-release"), "ID=debian\n");
  const document = at("etc/dkms-agent/desired-state/modules.yaml");
  fs.mkdirSync(path.dirname(document), { recursive: true });
  const run = (command: string, ...options: readonly string[]) => runAgent(root, [...command.split(" "), ...options]);
  return {
    root,
    at,
    want: (modules, head = "") => fs.writeFileSync(document, toDocument(modules, head)),
    run,
    apply: async (exitCode = 0, ...options) => {
      const result = await run("apply", ...options);
      assert.is(result.exitCode, exitCode, `apply:\n${result.stdout}${result.stderr}`);
      return result.stdout;
    },
    planned: async () => plannedSteps(await run("plan", "--json")),
    status: (dkms) => compareStatus(root, dkms),
    remove: () => fs.rmSync(root, { recursive: true, force: true }),
  };
}

/** Runs the program with a root; also with an environment or a directory of one's own. */
export function runAgent(root: string, words: readonly string[], options: ProgramOptions = {}): Promise<ProgramResult> {
  const trees = words[0] === "dkms" ? treeOptions(root) : ["--root", root];
  return runProgram(process.execPath, [cli, ...words, ...trees], options);
}

function addKernel(directory: string, { directory: headers }: HeadersOfKernel): void {
  fs.mkdirSync(directory, { recursive: true });
  fs.symlinkSync(headers, path.join(directory, "build"));
  for (const file of ["modules.dep", "modules.order", "modules.builtin"])
    fs.writeFileSync(path.join(directory, file), "");
}

function toDocument(modules: string, head: string): string {
  const indented = modules.trim() === "" ? " []" : `\n${modules}`;
  const kernels = head.includes("kernels:") ? "" : "kernels: [with-headers]\n";
  return `apiVersion: dkms-agent/v1\n${kernels}${head}${head.endsWith("\n") || head === "" ? "" : "\n"}modules:${indented}\n`;
}

function plannedSteps({ exitCode, stdout, stderr }: ProgramResult): readonly string[] {
  assert.is(exitCode, 0, stderr);
  const { steps }: { steps: readonly { kind: string; address: string }[] } = JSON.parse(stdout);
  return steps.map(
    ({ kind, address }) => `${kind} ${address.replace(/\/[^/]*$/, (arch) => (address.includes("@") ? "" : arch))}`,
  );
}

async function compareStatus(root: string, { command: [bash, script] }: Dkms): Promise<string> {
  const ours = await runAgent(root, ["dkms", "status"]);
  const theirs = await runProgram(bash, [script, "status", ...treeOptions(root)]);
  assert.is(ours.stdout, theirs.stdout, "dkms-agent dkms status prints what dell/dkms prints");
  assert.is(ours.exitCode, theirs.exitCode);
  return ours.stdout;
}

function treeOptions(root: string): readonly string[] {
  const below = (place: string) => path.join(root, place);
  const trees = { dkmstree: "var/lib/dkms", sourcetree: "usr/src", installtree: "lib/modules" };
  return Object.entries(trees).flatMap(([name, place]) => [`--${name}`, below(place)]);
}
