import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { depmod } from "../../../src/dkms/verbs/depmod.ts";
import type { Command, CommandResult } from "../../../src/host/run.ts";
import { testNeeding } from "../../rig/test-needing.ts";
import type { TreeBuilder } from "../../rig/tree-builder.ts";
import { expectDone, expectUntouched, kernel, release, trees, verbWorld } from "../../rig/verb-world.ts";

const running = suite<{ tree: TreeBuilder }>("depmod");

running.before.each((context) => {
  context.tree = verbWorld();
});
running.after.each(({ tree }) => tree.remove());

for (const installTree of ["/lib/modules", "/usr/lib/modules", "/srv/elsewhere"])
  testNeeding(running, ["kmod"], `lists the objects of an install tree at ${installTree}`, async (_, { tree }) => {
    if (installTree !== "/lib/modules") {
      fs.mkdirSync(tree.at(installTree), { recursive: true });
      fs.renameSync(tree.at("lib/modules", release), tree.at(installTree, release));
    }
    tree.module("demo/1.0").installed(release);
    if (installTree !== "/lib/modules")
      fs.renameSync(tree.at("lib/modules", release, "updates"), tree.at(installTree, release, "updates"));
    const done = expectDone(await depmod(tree.host({ installTree: tree.at(installTree) }), kernel));
    assert.ok(done.changed);
    const list = fs.readFileSync(tree.at(installTree, release, "modules.dep"), "utf8");
    assert.match(list, /^updates\/dkms\/demo\.ko:$/m);
  });

testNeeding(running, ["kmod"], "takes no notice of what is kept for an undo", async (_, { tree }) => {
  tree.module("demo/1.0").installed(release);
  const place = tree.at("lib/modules", release, "updates/dkms");
  fs.copyFileSync(`${place}/demo.ko`, `${place}/.dkms-agent-demo.0123456789ab`);
  expectDone(await depmod(tree.host(), kernel));
  assert.not.match(fs.readFileSync(tree.at("lib/modules", release, "modules.dep"), "utf8"), /dkms-agent/);
});

running("is skipped with a notice where depmod has never been", async ({ tree }) => {
  fs.rmSync(tree.at("lib/modules", release, "modules.dep"));
  const before = trees(tree);
  const { changed, notices } = expectDone(await depmod(tree.host(), kernel));
  assert.is(changed, false);
  assert.match(notices.join(), /there is no .*modules\.dep/);
  assert.equal(trees(tree), before);
});

running("names the System.map of the kernel, and no base directory on the machine itself", async ({ tree }) => {
  const map = tree.write(`boot/System.map-${release}`, "");
  const commands: Command[] = [];
  const run = answering({ exitCode: 0 }, commands);
  expectDone(await depmod(tree.host({ run }), kernel));
  assert.equal(commands[0]?.args, ["-a", "-b", tree.at("var/lib/dkms/.dkms-agent/depmod"), "-F", map, release]);
  const host = tree.host({ run });
  const { files } = host;
  const own = { ...host, root: "/", paths: { ...host.paths, installTree: "/lib/modules" } };
  const seen = { ...files, stat: (file: string) => files.stat(file.startsWith("/lib/modules") ? tree.at(file) : file) };
  expectDone(await depmod({ ...own, files: seen }, kernel));
  assert.equal(commands[1]?.args, ["-a", "-F", map, release]);
});

for (const [code, result] of [
  ["E_DEPMOD", { exitCode: 1, stderr: "depmod: ERROR: no such thing\n" }],
  ["E_NO_TOOL", { ending: "missing" }],
  ["E_TIMEOUT", { ending: "timeout" }],
  ["E_CANCELLED", { ending: "cancelled" }],
] as const)
  running(`fails with ${code}`, async ({ tree }) => {
    const failure = await expectUntouched(tree, code, () => depmod(tree.host({ run: answering(result) }), kernel));
    if (code === "E_DEPMOD") assert.match(failure.message, /no such thing/);
    if (code === "E_DEPMOD")
      assert.match(failure.remedy ?? "", /^Run depmod -a -b \S+\/\.dkms-agent\/depmod \S+ by hand /);
    if (code === "E_DEPMOD") assert.is(failure.dkmsExit, 6);
  });

function answering(answer: Partial<CommandResult>, commands: Command[] = []) {
  return async (command: Command): Promise<CommandResult> => {
    commands.push(command);
    return { ending: "exited", exitCode: -1, stdout: "", stderr: "", durationMs: 1, ...answer };
  };
}

running.run();
