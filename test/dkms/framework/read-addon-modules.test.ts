import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readAddonModules } from "../../../src/dkms/framework/read-addon-modules.ts";
import type { Run } from "../../../src/host/run.ts";
import { dkmsTree, type TreeBuilder } from "../../rig/tree-builder.ts";

const read = suite<{ tree: TreeBuilder }>("readAddonModules");
read.before.each((context) => {
  context.tree = dkmsTree();
});
read.after.each(({ tree }) => tree.remove());

const file = "etc/sysconfig/module-init-tools";
const noProcess: Run = async () => {
  throw new Error("a process was started");
};

read("is nothing, without a process, where nobody says anything", async ({ tree }) => {
  assert.equal(await readAddonModules(tree.host({ run: noProcess })), { ok: true, value: undefined });
  tree.write(file, "OTHER=extra\nADDON_MODULES_DIR=\n");
  assert.equal(await readAddonModules(tree.host({ run: noProcess })), { ok: true, value: undefined });
});

read("is the file's, by bash only where it must be", async ({ tree }) => {
  tree.write(file, 'WHERE=extra\nADDON_MODULES_DIR="$WHERE/more"\n');
  assert.equal(await readAddonModules(tree.host({ run: noProcess })), { ok: true, value: "extra/more" });
  tree.write(file, "if true; then ADDON_MODULES_DIR=extra; fi\necho noise\n");
  assert.equal(await readAddonModules(tree.host()), { ok: true, value: "extra" });
});

read("is the environment's before the file's", async ({ tree }) => {
  tree.write(file, "ADDON_MODULES_DIR=extra\n");
  assert.equal(await readAddonModules(tree.host({ addonModules: "mine" })), { ok: true, value: "mine" });
});

read("says which file ends the shell, and what to write instead", async ({ tree }) => {
  const place = tree.write(file, "exit 3\n");
  const result = await readAddonModules(tree.host());
  assert.ok(!result.ok);
  assert.equal([result.error.code, result.error.path], ["E_CONF_INVALID", place]);
  assert.match(result.error.remedy ?? "", "ADDON_MODULES_DIR=extra");
});

read.run();
