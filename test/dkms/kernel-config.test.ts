import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Kernel } from "../../src/dkms/kernel.ts";
import { readKernelConfig } from "../../src/dkms/kernel-config.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";

const read = suite<{ tree: TreeBuilder }>("readKernelConfig");
read.before.each((context) => {
  context.tree = dkmsTree();
});
read.after.each(({ tree }) => tree.remove());

read("reads auto.conf, without the quotes around text", ({ tree }) => {
  tree.write("headers/.config", "CONFIG_OLD=y\n");
  tree.write(
    "headers/include/config/auto.conf",
    '# CONFIG_NO is not set\nCONFIG_A=y\nCONFIG_T="gcc-12 (\\"x\\") 12"\nCONFIG_N=0x10\n',
  );
  const config = readKernelConfig(tree.host(), kernelWith(tree.at("headers")));
  assert.is(config.size, 3);
  assert.is(config.get("CONFIG_A"), "y");
  assert.is(config.get("CONFIG_T"), 'gcc-12 ("x") 12');
  assert.is(config.get("CONFIG_N"), "0x10");
  for (const name of ["CONFIG_NO", "CONFIG_OLD", "CONFIG_", "CONFIG_.", "NFIG_A"])
    assert.is(config.get(name), undefined);
});

read("takes .config where there is no auto.conf", ({ tree }) => {
  tree.write("headers/.config", "# CONFIG_NO is not set\r\nCONFIG_A=m\r\n");
  const config = readKernelConfig(tree.host(), kernelWith(tree.at("headers")));
  assert.is(config.get("CONFIG_A"), "m");
  assert.is(config.get("CONFIG_NO"), undefined);
});

read("is empty without headers", ({ tree }) => {
  const config = readKernelConfig(tree.host(), kernelWith(undefined));
  assert.is(config.size, 0);
  assert.is(config.get("CONFIG_A"), undefined);
});

testNeeding(read, ["headers"], "reads a real kernel's", (part, { tree }) => {
  const [kernel] = part("headers").kernels;
  const config = readKernelConfig(tree.host(), kernelWith(kernel?.directory));
  assert.is(config.get("CONFIG_MODULES"), "y");
  assert.match(config.get("CONFIG_CC_VERSION_TEXT") ?? "", /^\S*(gcc|clang)/);
});

function kernelWith(directory: string | undefined): Kernel {
  return {
    id: { release: "6.1.0", arch: "x86_64" },
    directory: "/lib/modules/6.1.0",
    headers: directory === undefined ? undefined : { directory, digest: "" },
    hasModulesDep: false,
    isInstalled: false,
    compression: "none",
  };
}

read.run();
