import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runProgram } from "../rig/run-program.ts";
import { tarArchive } from "../rig/tar-archive.ts";
import { testNeeding } from "../rig/test-needing.ts";
import type { TreeBuilder } from "../rig/tree-builder.ts";
import { dkmsTree } from "../rig/tree-builder.ts";
import { releases, type Twins, type TwinWorld, twinWorld } from "../rig/twin-world.ts";

const ldtarball = suite("dkms ldtarball, next to dell/dkms");

const cli = path.join(import.meta.dirname, "../../dist/cli.cjs");
const builds = releases.flatMap((release) => ["-k", release]);

/** Runs a command line in both worlds, and expects these two exit codes: ours, theirs. */
async function expectCodes(world: TwinWorld, words: string, codes: readonly [number, number]): Promise<Twins> {
  const twins = await world.run(words.split(" "));
  const said = `${words}\n${twins.ours.stdout}${twins.ours.stderr}\n${twins.theirs.stdout}${twins.theirs.stderr}`;
  assert.equal([twins.ours.exitCode, twins.theirs.exitCode], codes, said);
  return twins;
}

/** Archives of demo/1.0 for both kernels, made by dell/dkms, as `ROOT/both.tar.gz`; then the module is forgotten. */
async function packWithDell(world: TwinWorld, ...options: readonly string[]): Promise<void> {
  for (const release of releases) await expectCodes(world, `build demo/1.0 -k ${release}`, [0, 0]);
  const packed = await world.run(["mktarball", "demo/1.0", ...builds, ...options, "--archive", "ROOT/both.tar.gz"]);
  assert.is(packed.theirs.exitCode, 0, packed.theirs.stderr);
  let made: Buffer | undefined;
  world.each((tree) => {
    const file = tree.at("both.tar.gz");
    if (fs.existsSync(file)) made = fs.readFileSync(file);
  });
  // Of the two archives the one that dell/dkms made: the second world is its own.
  world.each((tree) => fs.writeFileSync(tree.at("both.tar.gz"), made ?? ""));
  await world.run(["remove", "demo/1.0", "--all"]);
}

function forgetSource(tree: TreeBuilder): void {
  fs.rmSync(tree.at("usr/src/demo-1.0"), { recursive: true });
}

testNeeding(
  ldtarball,
  ["dkms"],
  "loads both kernels' builds on a host without source, where dell/dkms loads one and leaves nothing usable",
  async (part) => {
    const world = twinWorld(part("dkms"));
    try {
      await packWithDell(world, "--binaries-only");
      world.each(forgetSource);
      await expectCodes(world, "ldtarball ROOT/both.tar.gz", [8, 1]);
      await expectCodes(world, "ldtarball ROOT/both.tar.gz --force", [0, 1]);
      const { ours, theirs } = await world.run(["status"]);
      assert.is(ours.stdout, releases.map((release) => `demo/1.0, ${release}, x86_64: built\n`).join(""));
      assert.is(theirs.stdout, "");
      for (const release of releases) await world.run(["install", "demo/1.0", "-k", release]);
      const after = await world.run(["status"]);
      assert.is(after.ours.stdout, releases.map((release) => `demo/1.0, ${release}, x86_64: installed\n`).join(""));
      assert.not.match(after.theirs.stdout, "6.1.0-2");
      const { ours: built } = await world.run(["build", "demo/1.0", "-k", "6.1.0-1", "--force"]);
      assert.is(built.exitCode, 8, built.stderr);
    } finally {
      world.remove();
    }
  },
);

testNeeding(ldtarball, ["dkms"], "loads what dell/dkms packed with its source, once", async (part) => {
  const world = twinWorld(part("dkms"));
  try {
    await packWithDell(world);
    world.each(forgetSource);
    await expectCodes(world, "ldtarball ROOT/both.tar.gz", [0, 0]);
    const { ours } = await world.run(["status"]);
    assert.is(ours.stdout, releases.map((release) => `demo/1.0, ${release}, x86_64: built\n`).join(""));
    const again = await expectCodes(world, "ldtarball --archive ROOT/both.tar.gz", [0, 8]);
    assert.match(again.ours.stderr, "is loaded already");
    world.each((tree) =>
      tree.write(
        "other.tar",
        tarArchive([{ name: "a/dkms.conf", content: "PACKAGE_NAME=demo\nPACKAGE_VERSION=1.0\n" }]),
      ),
    );
    await expectCodes(world, "ldtarball ROOT/other.tar", [3, 3]);
  } finally {
    world.remove();
  }
});

testNeeding(ldtarball, ["dkms"], "loads what -k names alone, which dell/dkms ignores", async (part) => {
  const world = twinWorld(part("dkms"));
  try {
    await packWithDell(world);
    world.each(forgetSource);
    const none = await expectCodes(world, "ldtarball ROOT/both.tar.gz -k 6.1.0-9", [1, 0]);
    assert.match(none.ours.stderr, "holds no build for 6.1.0-9/x86_64; it holds: 6.1.0-1/x86_64, 6.1.0-2/x86_64.");
    await expectCodes(world, "ldtarball ROOT/both.tar.gz -k 6.1.0-2", [0, 8]);
    const { ours, theirs } = await world.run(["status"]);
    assert.is(ours.stdout, "demo/1.0, 6.1.0-2, x86_64: built\n");
    assert.match(theirs.stdout, "demo/1.0, 6.1.0-1, x86_64: built\n");
  } finally {
    world.remove();
  }
});

testNeeding(ldtarball, ["dkms"], "answers with dell/dkms's codes for what is no archive of a module", async (part) => {
  const world = twinWorld(part("dkms"));
  try {
    world.each((tree) => {
      tree.write("empty", "");
      tree.write("text", "no archive\n");
      tree.write("none.tar", tarArchive([{ name: "README", content: "nothing" }]));
      tree.write("noname.tar", tarArchive([{ name: "dkms_source_tree/dkms.conf", content: "MAKE=true\n" }]));
    });
    await expectCodes(world, "ldtarball", [2, 2]);
    await expectCodes(world, "ldtarball ROOT/nosuch.tar.gz", [2, 2]);
    await expectCodes(world, "ldtarball ROOT/usr", [2, 2]);
    await expectCodes(world, "ldtarball --archive ROOT/usr", [3, 3]);
    for (const file of ["empty", "text", "none.tar"]) await expectCodes(world, `ldtarball ROOT/${file}`, [3, 3]);
    await expectCodes(world, "ldtarball ROOT/noname.tar", [8, 8]);
  } finally {
    world.remove();
  }
});

ldtarball("leaves an rpm, whatever it is called, to rpm; without the lock, since its scripts call dkms", async () => {
  const tree = dkmsTree();
  try {
    const lock = tree.at("var/lib/dkms/.dkms-agent/lock");
    const rpm = tree.write(
      "bin/rpm",
      `#!/bin/sh\necho "$@" >${tree.at("called")}\n[ ! -e ${lock} ] || flock --nonblock ${lock} true\n`,
    );
    fs.chmodSync(rpm, 0o755);
    const file = tree.write("demo.tar.gz", Buffer.concat([Buffer.from("edabeedb", "hex"), Buffer.alloc(100)]));
    const { exitCode, stderr } = await runProgram(
      process.execPath,
      [cli, "dkms", "ldtarball", file, "-k", "6.1.0-1", ...tree.dkmsOptions()],
      { env: { PATH: tree.at("bin") } },
    );
    assert.is.not(exitCode, 9, stderr);
    assert.is(fs.readFileSync(tree.at("called"), "utf8"), `-Uvh ${file}\n`);
  } finally {
    tree.remove();
  }
});

testNeeding(ldtarball, ["root"], "refuses an archive that everybody can write, and names others that can", async () => {
  const tree = dkmsTree();
  try {
    const archive = tarArchive([{ name: "demo/dkms.conf", content: "PACKAGE_NAME=demo\nPACKAGE_VERSION=1.0\n" }]);
    const file = tree.write("demo.tar", archive);
    const run = () => runProgram(process.execPath, [cli, "dkms", "ldtarball", file, ...tree.dkmsOptions()]);
    fs.chmodSync(file, 0o666);
    const open = await run();
    assert.is(open.exitCode, 1);
    assert.match(open.stderr, /can be written by everybody.*\[E_INSECURE_FILE\]\n.*chmod go-w/);
    assert.equal(fs.readdirSync(tree.at("usr/src")), []);
    fs.chmodSync(file, 0o644);
    fs.chownSync(file, 1000, 0);
    const owned = await run();
    assert.is(owned.exitCode, 0, owned.stderr);
    assert.match(owned.stderr, `note: The file ${file} belongs to user 1000, not to root.`);
    assert.equal(fs.readdirSync(tree.at("usr/src")), ["demo-1.0"]);
  } finally {
    tree.remove();
  }
});

ldtarball.run();
