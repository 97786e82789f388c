import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runAgent } from "../rig/agent.ts";
import type { Dkms } from "../rig/parts.ts";
import { runProgram } from "../rig/run-program.ts";
import { testNeeding } from "../rig/test-needing.ts";
import type { TreeBuilder } from "../rig/tree-builder.ts";
import { treeListing } from "../rig/tree-listing.ts";
import { inTwins, type TwinWorld } from "../rig/twin-world.ts";

const install = "install demo/1.0 -k 6.1.0-1 --symlink-modules".split(" ");
const uninstall = "uninstall demo/1.0 -k 6.1.0-1".split(" ");
const object = "lib/modules/6.1.0-1/updates/dkms/demo.ko";

const links = suite("objects installed as links");

testNeeding(links, ["dkms"], "look like dell/dkms's, and each of the two takes the other's away", async (part) => {
  await inTwins(part("dkms"), async (world) => {
    const { ours, theirs } = await world.run(install);
    assert.equal([ours.exitCode, theirs.exitCode], [0, 0], ours.stderr);
    assert.equal(...listings(world));
    world.each((tree) => assert.is(fs.readlinkSync(tree.at(object)), builtIn(tree)));
    const status = await world.run(["status"]);
    assert.is(status.ours.stdout, status.theirs.stdout);
    assert.is(status.ours.stdout, "demo/1.0, 6.1.0-1, x86_64: installed\n");
    const [mine, dells] = treesOf(world);
    assert.is((await runProgram(...asDell(part("dkms"), mine, uninstall))).exitCode, 0);
    const done = await runAgent(dells.root, ["dkms", ...uninstall]);
    assert.is(done.exitCode, 0, done.stderr);
    world.each((tree) => assert.not.ok(fs.existsSync(tree.at("lib/modules/6.1.0-1/updates"))));
  });
});

testNeeding(links, ["dkms"], "stay links when they are built anew, and give way to another version", async (part) => {
  await inTwins(part("dkms"), async (world) => {
    await world.run(install);
    await world.run("build demo/1.0 -k 6.1.0-1 --force".split(" "));
    assert.equal(...listings(world));
    assert.match((await world.run(["status"])).ours.stdout, ": installed\n");
    const again = await world.run(install.slice(0, -1));
    assert.match(again.ours.stderr + again.ours.stdout, "installed already");
    await world.run("install demo/2.0 -k 6.1.0-1".split(" "));
    const [mine, dells] = treesOf(world);
    const version = (tree: TreeBuilder) =>
      fs.readFileSync(tree.at("var/lib/dkms/demo/1.0/6.1.0-1/x86_64/module/demo.ko"), "latin1").includes("version=2.0");
    // dell/dkms writes through the link: the build of the old version is overwritten with the new one.
    assert.equal([version(mine), version(dells)], [false, true]);
    assert.ok(fs.lstatSync(mine.at(object)).isFile());
  });
});

testNeeding(links, ["dkms"], "framework.conf asks for them, of apply too; a link elsewhere is drift", async (part) => {
  await inTwins(part("dkms"), async (world) => {
    const [tree] = treesOf(world);
    tree.write("etc/dkms/framework.conf", "symlink_modules=1\n");
    tree.write("etc/os-release", "ID=debian\n");
    const modules = "kernels: [6.1.0-1]\nmodules: [{name: demo, version: '1.0'}]\n";
    tree.write("etc/dkms-agent/desired-state/demo.yaml", `apiVersion: dkms-agent/v1\n${modules}`);
    const apply = async () => assert.is((await runAgent(tree.root, ["apply"])).exitCode, 0);
    const planned = async () => (await runAgent(tree.root, ["plan"])).stdout;
    await apply();
    assert.is(fs.realpathSync(tree.at(object)), builtIn(tree));
    assert.match(await planned(), "Nothing to do");
    fs.copyFileSync(builtIn(tree), tree.at("elsewhere.ko"));
    fs.rmSync(tree.at(object));
    fs.symlinkSync(tree.at("elsewhere.ko"), tree.at(object));
    assert.match(await planned(), "demo.ko is not the one that was built");
    await apply();
    assert.is(fs.realpathSync(tree.at(object)), builtIn(tree));
    fs.rmSync(builtIn(tree));
    assert.match(await planned(), "has no object demo.ko");
    await apply();
    assert.match(await planned(), "Nothing to do");
  });
});

links.run();

/** Ours, and dell/dkms's. */
function treesOf(world: TwinWorld): [TreeBuilder, TreeBuilder] {
  const trees: TreeBuilder[] = [];
  world.each((tree) => trees.push(tree));
  const [ours, theirs] = trees;
  if (!ours || !theirs) throw new Error("there are two");
  return [ours, theirs];
}

function builtIn(tree: TreeBuilder): string {
  return tree.at("var/lib/dkms/demo/1.0/6.1.0-1/x86_64/module/demo.ko");
}

function asDell({ command: [bash, script] }: Dkms, tree: TreeBuilder, words: readonly string[]): [string, string[]] {
  return [bash, [script, ...words, ...tree.dkmsOptions()]];
}

/** Of the install trees, without the machines' own names. */
function listings(world: TwinWorld): [string[], string[]] {
  const [ours, theirs] = treesOf(world).map((tree) =>
    treeListing(tree.at("lib/modules")).map((line) => line.replaceAll(tree.root, "")),
  );
  return [ours ?? [], theirs ?? []];
}
