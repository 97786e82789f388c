import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runAgent } from "../rig/agent.ts";
import { dellDkms } from "../rig/dell-dkms.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";
import { treeListing } from "../rig/tree-listing.ts";
import { addKernel, addSource, inTwins, type TwinWorld } from "../rig/twin-world.ts";

const k1 = "-k 6.1.0-1";
const log = "var/lib/dkms/demo/1.0/6.1.0-1/x86_64/log/make.log";

const options = suite("options of dkms that change what a build is made of");

testNeeding(options, ["dkms"], "--kernelsourcedir and --config", async (part) => {
  await inTwins(part("dkms"), async (world) => {
    world.each((tree) => {
      tree.write("headers/include/config/auto.conf", "CONFIG_FOO=y\n");
      tree.write("config", "CONFIG_BAR=y\n");
      append(tree, 'MAKE[0]="cp made/$kernelver/*.ko .; echo of $kernel_source_dir $kernel_config"');
    });
    const headers = "--kernelsourcedir ROOT/headers";
    assert.is(await made(world, headers), "of ROOT/headers ROOT/headers/include/config/auto.conf");
    const build = "ROOT/lib/modules/6.1.0-1/build";
    assert.is(await made(world, "--config ROOT/config"), `of ${build} ROOT/config`);
    assert.is(await made(world, `${headers} --config ROOT/config`), "of ROOT/headers ROOT/config");
    assert.is(await made(world, "--config ROOT/nosuch"), `of ${build} ROOT/nosuch`);
    world.each((tree) => append(tree, "BUILD_EXCLUSIVE_CONFIG=CONFIG_FOO"));
    assert.is(await both(world, `build demo/1.0 ${k1} --config ROOT/config --force`), 77);
    assert.is(
      await both(world, `build demo/1.0 ${k1} --config ROOT/nosuch --force`),
      0,
      "of what is not there nothing is known",
    );
    assert.is(await both(world, "remove demo/1.0 --all"), 0);
    world.each((tree) => fs.renameSync(tree.at("lib/modules/6.1.0-1"), tree.at("kernel-away")));
    assert.is(await both(world, `build demo/1.0 ${k1}`), 21);
    assert.is(await both(world, `build demo/1.0 ${k1} ${headers}`), 0, "headers are enough to build");
    assert.is(await both(world, `install demo/1.0 ${k1} ${headers}`), 6, "but not to install");
    world.each((tree) => fs.renameSync(tree.at("kernel-away"), tree.at("lib/modules/6.1.0-1")));
    assert.is(await both(world, `autoinstall ${k1} ${headers}`), 0);
    assert.is((await world.run(["status"])).ours.stdout, "demo/1.0, 6.1.0-1, x86_64: installed\n");
  });
});

testNeeding(options, ["dkms"], "-c: another dkms.conf", async (part) => {
  await inTwins(part("dkms"), async (world) => {
    world.each((tree) => {
      const own = fs.readFileSync(tree.at("usr/src/demo-1.0/dkms.conf"), "utf8");
      tree.write("alt.conf", `${own}DEST_MODULE_NAME[0]=other_name\n`);
    });
    assert.is(await both(world, `install demo/1.0 ${k1} -c ROOT/nosuch.conf`), 4);
    assert.is(await both(world, `install demo/1.0 ${k1} -c ROOT/alt.conf`), 0);
    world.each((tree) => assert.ok(fs.existsSync(tree.at("lib/modules/6.1.0-1/updates/dkms/other_name.ko"))));
    const { ours, theirs } = await world.run(["status"]);
    assert.is(ours.stdout, theirs.stdout);
    assert.match(ours.stdout, "installed (Built modules are missing");
    assert.is(await both(world, `uninstall demo/1.0 ${k1} -c ROOT/nosuch.conf`), 4);
    assert.is(await both(world, `uninstall demo/1.0 ${k1} -c ROOT/alt.conf`), 0);
    world.each((tree) => assert.not.ok(fs.existsSync(tree.at("lib/modules/6.1.0-1/updates"))));
  });
});

testNeeding(options, ["dkms"], "ADDON_MODULES_DIR of the environment", async (part) => {
  await inTwins(part("dkms"), async (world) => {
    const prefix = ["env", "ADDON_MODULES_DIR=addon/here"];
    for (const words of [`install demo/1.0 ${k1}`, "status"]) {
      const { ours, theirs } = await world.run(words.split(" "), { prefix });
      assert.equal([ours.exitCode, theirs.exitCode], [0, 0], ours.stderr);
      if (words === "status") assert.equal([ours.stdout, theirs.stdout], Array(2).fill(`${installed}\n`));
    }
    world.each((tree) => assert.ok(fs.existsSync(tree.at("lib/modules/6.1.0-1/addon/here/demo.ko"))));
    const { ours, theirs } = await world.run(["status"]);
    assert.is(ours.stdout, theirs.stdout);
    assert.match(ours.stdout, "Differences");
  });
});

testNeeding(options, ["dkms"], "ADDON_MODULES_DIR of /etc/sysconfig/module-init-tools", async (part) => {
  const [ours, theirs] = [dkmsTree(), dkmsTree()];
  try {
    for (const tree of [ours, theirs]) {
      addKernel(tree, "6.1.0-1");
      addSource(tree, { name: "demo", version: "1.0" });
      tree.write(
        "etc/sysconfig/module-init-tools",
        'LOAD=no\n[ -n "$LOAD" ] && ADDON_MODULES_DIR=addon\ndkms_tree=/nosuch\n',
      );
    }
    const dell = dellDkms(part("dkms"), theirs);
    const words = ["install", "demo/1.0", "-k", "6.1.0-1"];
    // What else the file says is not for us; dell/dkms takes its trees from there, unless they are named.
    assert.is(dell.run([...words, ...theirs.dkmsOptions()]).exitCode, 0);
    const { exitCode, stderr } = await runAgent(ours.root, ["dkms", ...words, "--root", ours.root]);
    assert.is(exitCode, 0, stderr);
    const modules = (tree: TreeBuilder) => treeListing(tree.at("lib/modules"), (file) => file.endsWith("build"));
    assert.equal(modules(ours), modules(theirs));
    assert.ok(fs.existsSync(ours.at("lib/modules/6.1.0-1/addon/demo.ko")));
  } finally {
    for (const tree of [ours, theirs]) tree.remove();
  }
});

options.run();

const installed = "demo/1.0, 6.1.0-1, x86_64: installed";

/** The exit code of a command line in both. */
async function both(world: TwinWorld, line: string): Promise<number> {
  const { ours, theirs } = await world.run(line.split(" "));
  assert.is(ours.exitCode, theirs.exitCode, `${line}\n${ours.stderr}\n${theirs.stdout}${theirs.stderr}`);
  return ours.exitCode;
}

/** Builds with options; what make printed, the same in both. */
async function made(world: TwinWorld, words: string): Promise<string> {
  assert.is(await both(world, `build demo/1.0 ${k1} --force ${words}`), 0);
  const printed = new Set<string>();
  world.each((tree) => {
    const text = fs.readFileSync(tree.at(log), "utf8").replaceAll(tree.root, "ROOT");
    printed.add(/^of .*$/m.exec(text)?.[0] ?? text);
  });
  assert.is(printed.size, 1, [...printed].join("\n"));
  return [...printed].join();
}

function append(tree: TreeBuilder, line: string): void {
  fs.appendFileSync(tree.at("usr/src/demo-1.0/dkms.conf"), `${line}\n`);
}
