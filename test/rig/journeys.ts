import fs from "node:fs";
import path from "node:path";
import * as assert from "uvu/assert";
import { localFiles } from "../../src/host/local-files.ts";
import { cli } from "./agent.ts";
import { fakeObject } from "./fake-object.ts";
import { runProgram } from "./run-program.ts";
import type { TreeBuilder } from "./tree-builder.ts";
import { filesBelow, treeListing } from "./tree-listing.ts";
import { release, writeSource } from "./verb-world.ts";

/** From a state of a machine to another, by one `apply`. */
export interface Journey {
  readonly title: string;
  readonly start: (tree: TreeBuilder) => Promise<void> | void;
  /** YAML below `modules:` */
  readonly wanted: string;
}

const installed = '  - {name: demo, version: "1.0"}';

const absent = '  - {name: demo, version: "*", state: absent}';
const archive = "srv/demo.dkms.tar.gz";
/** The digest is that of the archive, which is made first. */
const loaded = `  - {name: demo, version: "1.0", build: never, tarballs: [{path: ../../../${archive}, sha256: DIGEST}]}`;

export const journeys: readonly Journey[] = [
  { title: "first install", start: (tree) => void writeSource(tree), wanted: installed },
  { title: "upgrade from version 1 to 2", start: startUpgrade, wanted: '  - {name: demo, version: "2.0"}' },
  {
    title: "rebuild after a source change",
    start: async (tree) => {
      await startOver(tree);
      writeSource(tree, { filling: "changed" });
    },
    wanted: installed,
  },
  { title: "uninstall", start: startOver, wanted: '  - {name: demo, version: "1.0", state: built}' },
  { title: "remove", start: startOver, wanted: absent },
  { title: "load-tarball", start: startWithArchive, wanted: loaded },
];

/** Over an object of the kernel's own. */
async function startOver(tree: TreeBuilder): Promise<void> {
  tree.write(`lib/modules/${release}/kernel/misc/demo_a.ko`, fakeObject({ name: "demo_a", release, filling: "own" }));
  writeSource(tree);
  want(tree, installed);
  await converge(tree);
}

async function startUpgrade(tree: TreeBuilder): Promise<void> {
  await startOver(tree);
  writeSource(tree, { version: "2.0" });
}

/** Nothing of the module is left but an archive with what was built of it. */
async function startWithArchive(tree: TreeBuilder): Promise<void> {
  writeSource(tree);
  want(tree, installed);
  await converge(tree);
  tree.write(archive, "");
  const words = ["dkms", "mktarball", "demo/1.0", "-k", release, "--binaries-only", "--archive", tree.at(archive)];
  const { exitCode, stderr } = await runProgram(process.execPath, [cli, ...words, ...tree.dkmsOptions()]);
  assert.is(exitCode, 0, stderr);
  want(tree, absent);
  await converge(tree);
  fs.rmSync(tree.at("usr/src/demo-1.0"), { recursive: true });
}

/** Writes the document of a tree: YAML below `modules:`. */
export function want(tree: TreeBuilder, modules: string): void {
  const head = "apiVersion: dkms-agent/v1\nkernels: [with-headers]\nunlisted: prune\n";
  const text = modules.replace("DIGEST", localFiles.sha256(tree.at(archive)) ?? "");
  tree.write("etc/dkms-agent/desired-state/modules.yaml", `${head}modules:\n${text}\n`);
}

/** Where the objects of the install tree are, and what is in them. */
export type Objects = ReadonlyMap<string, string>;

export function objectsOf(tree: TreeBuilder): Objects {
  const top = tree.at("lib/modules", release);
  const files = filesBelow(top).filter((file) => file.endsWith(".ko"));
  return new Map(files.map((file) => [path.basename(file), localFiles.sha256(path.join(top, file)) ?? ""]));
}

/** Each object is that of before or that of after, whole; what is there before and after is there in between. */
export function nothingIsLost(now: Objects, before: Objects, after: Objects, where: string): void {
  for (const [name, content] of now)
    assert.ok([before.get(name), after.get(name)].includes(content), `${where}: ${name} is neither old nor new`);
  for (const name of before.keys()) if (after.has(name)) assert.ok(now.has(name), `${where}: ${name} is gone`);
}

/**
 * Brings a tree to what it wants. One run, after which nothing is left to do; everything that there is then, but for the
 * journal and depmod's files.
 */
export async function converge(tree: TreeBuilder): Promise<readonly string[]> {
  for (const words of [["apply"], ["plan", "--detailed-exitcode"]]) {
    const { exitCode, stdout, stderr } = await runProgram(process.execPath, [cli, ...words, "--root", tree.root]);
    assert.is(exitCode, 0, `${words.join(" ")}: ${stdout}${stderr}`);
  }
  const isOwn = (file: string) =>
    file === "dkms-inside-root" ||
    /(^|\/)\.dkms-agent\/(lock|journal\.jsonl|digests\.json|objects\.json|desired\.json|scan\.bin|last-run\.json|logs|depmod|depmod-ran|refused)$/.test(
      file,
    );
  const ofDepmod = /^lib\/modules\/[^/]+\/modules\./;
  // As dell/dkms itself leaves one after `add`.
  const isEmptyBuild = (file: string) =>
    /^var\/lib\/dkms\/[^/]+\/[^/]+\/build$/.test(file) && fs.readdirSync(tree.at(file)).length === 0;
  const lines = treeListing(tree.root, (file) => isOwn(file) || ofDepmod.test(file) || isEmptyBuild(file));
  // The build record and the log tell when it was built.
  return lines.map((line) => line.replace(/( \S+\/(\.dkms-agent-build\.json|make\.log)) [0-9a-f]{64}$/, "$1"));
}
