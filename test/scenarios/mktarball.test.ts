import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { buildRecord } from "../rig/build-record.ts";
import type { Dkms } from "../rig/parts.ts";
import { runProgram } from "../rig/run-program.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";
import { treeListing } from "../rig/tree-listing.ts";
import { twinWorld } from "../rig/twin-world.ts";

const made = suite("tarballs of mktarball");
const directory = "var/lib/dkms/demo/1.0/tarball";
const record = "./dkms_main_tree/6.1.0-1/x86_64/.dkms-agent-build.json";

/** Command lines after `mktarball demo/1.0`, and where dell/dkms puts the archive: below the root. */
const table: readonly (readonly [string, string])[] = [
  ["--source-only", `${directory}/demo-1.0-source-only.dkms.tar.gz`],
  ["--source-only --all", `${directory}/demo-1.0-source-only.dkms.tar.gz`],
  ["-k 6.1.0-1", `${directory}/demo-1.0-kernel6.1.0-1-x86_64.dkms.tar.gz`],
  ["-k 6.1.0-1 --binaries-only", `${directory}/demo-1.0-kernel6.1.0-1-x86_64.dkms.tar.gz`],
  ["-k 6.1.0-2 -k 6.1.0-1", `${directory}/demo-1.0-kernel6.1.0-2-x86_64-kernel6.1.0-1-x86_64.dkms.tar.gz`],
  ["--all --binaries-only --archive b.tar.xz", `${directory}/b.tar.xz`],
  ["--all --archive=./here.tgz", "here.tgz"],
  ["--all --archive new/place/x.tar.bz2", "new/place/x.tar.bz2"],
  ["--all --archive ROOT/x.tar.zst", "x.tar.zst"],
  ["--all --archive x.tar", `${directory}/x.tar`],
  ["--all --archive x.zip", `${directory}/x.zip`],
];

testNeeding(made, ["dkms"], "bear the names, and hold the files, of dell/dkms's", async (part) => {
  const world = twinWorld(part("dkms"));
  try {
    const trees: TreeBuilder[] = [];
    world.each((tree) => {
      trees.push(tree);
      build(tree);
    });
    addRecord(trees[0]);
    for (const [words, file] of table) {
      const { ours, theirs } = await world.run(["mktarball", "demo/1.0", ...words.split(" ")]);
      assert.equal([ours.exitCode, theirs.exitCode], [0, 0], `${words}: ${ours.stderr}${theirs.stderr}`);
      const [own, other] = trees.map((tree) => ({ names: list(tree.at(file)), packed: packingOf(tree.at(file)) }));
      // Their archive begins with the directory in which it was put together.
      assert.equal(
        own?.names.filter((name) => !name.endsWith("-build.json")),
        other?.names.filter((name) => name !== "./"),
      );
      assert.is(own?.packed, other?.packed, words);
      for (const tree of trees) fs.rmSync(tree.at(file));
    }
  } finally {
    world.remove();
  }
});

testNeeding(made, ["dkms"], "are read by dell/dkms like its own", async (part) => {
  const world = twinWorld(part("dkms"));
  try {
    const trees: TreeBuilder[] = [];
    world.each((tree) => {
      trees.push(tree);
      build(tree);
    });
    addRecord(trees[0]);
    const archives = trees.map((tree) => tree.at("demo.tar.gz"));
    for (const words of [["--source-only"], ["-k", "6.1.0-1"], ["-k", "6.1.0-1", "--binaries-only"]]) {
      await world.run(["mktarball", "demo/1.0", ...words, "--archive", "ROOT/demo.tar.gz"]);
      const [ours, theirs] = await Promise.all(archives.map((archive) => loadedByDell(part("dkms"), archive)));
      assert.equal(ours, theirs, words.join(" "));
      assert.ok(list(archives[0] ?? "").includes(record) === !words.includes("--source-only"));
    }
  } finally {
    world.remove();
  }
});

/** Not by dell/dkms, whose builds take seconds even if they only copy a file. */
function build(tree: TreeBuilder): void {
  tree.write("usr/src/demo-1.0/dir/a file", "x");
  tree.link("dkms.conf", "usr/src/demo-1.0/link");
  const conf = fs.readFileSync(tree.at("usr/src/demo-1.0/dkms.conf"), "utf8");
  tree.module("demo/1.0", { conf }).built("6.1.0-1").built("6.1.0-2");
}

/** As our own builds have one. */
function addRecord(tree: TreeBuilder | undefined): void {
  const instance = { module: { name: "demo", version: "1.0" }, kernel: { release: "6.1.0-1", arch: "x86_64" } };
  const file = `var/lib/dkms/demo/1.0/${record.slice("./dkms_main_tree/".length)}`;
  tree?.write(file, JSON.stringify(buildRecord(instance)));
}

/** What dell/dkms answers, and what is in its trees then, after it has loaded an archive on another machine. */
async function loadedByDell({ command: [bash, script] }: Dkms, archive: string): Promise<readonly string[]> {
  const tree = dkmsTree();
  try {
    const answers: string[] = [];
    for (const words of [["ldtarball", "--force", archive], ["status"]]) {
      const { exitCode, stdout } = await runProgram(bash, [script, ...words, ...tree.dkmsOptions()], {
        cwd: tree.root,
      });
      answers.push(`${words[0]}: ${exitCode}`, words[0] === "status" ? stdout : "");
    }
    const isLog = (file: string) => file.endsWith("make.log");
    const listing = ["var/lib/dkms", "usr/src", "lib/modules"].flatMap((place) => treeListing(tree.at(place), isLog));
    return [...answers, ...listing.map((line) => line.replaceAll(tree.root, ""))];
  } finally {
    tree.remove();
  }
}

made.run();

function list(archive: string): readonly string[] {
  return execFileSync("tar", ["-tf", archive], { encoding: "utf8" }).trimEnd().split("\n").sort();
}

/** The first bytes of what compressors write. */
function packingOf(file: string): string | undefined {
  const begins = fs.readFileSync(file).subarray(0, 4).toString("hex");
  return ["1f8b", "425a68", "fd377a58", "28b52ffd"].find((magic) => begins.startsWith(magic));
}
