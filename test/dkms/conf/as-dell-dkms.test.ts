import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadConf } from "../../../src/dkms/conf/load-conf.ts";
import { exclusion } from "../../../src/dkms/exclusion.ts";
import { makeCommand } from "../../../src/dkms/make-command.ts";
import { createHost } from "../../../src/host/create-host.ts";
import type { PartsOf } from "../../rig/test-needing.ts";
import { testNeeding } from "../../rig/test-needing.ts";
import { dkmsTree, type TreeBuilder } from "../../rig/tree-builder.ts";
import { kernelOf } from "./conf-builder.ts";

interface Context {
  tree: TreeBuilder;
}

const release = "6.1.0-56-amd64";
const config = new Map([
  ["CONFIG_MODULES", "y"],
  ["CONFIG_DRM", "m"],
]);

const same = suite<Context>("dkms.conf, next to dell/dkms");
same.before.each((context) => {
  context.tree = dkmsTree();
  context.tree.write("headers/include/config/auto.conf", "CONFIG_MODULES=y\nCONFIG_DRM=m\n");
  context.tree.link(context.tree.at("headers"), `lib/modules/${release}/build`);
});
same.after.each(({ tree }) => tree.remove());

/** Runs the original on a module demo/1.0 with this dkms.conf, in a tree where nothing was added before. */
async function runDkms(part: PartsOf<"dkms">, tree: TreeBuilder, { verb, text }: { verb: string; text: string }) {
  fs.rmSync(tree.at("var/lib/dkms/demo"), { recursive: true, force: true });
  tree.write("usr/src/demo-1.0/dkms.conf", text);
  // A source of nothing but a dkms.conf is refused.
  tree.write("usr/src/demo-1.0/Makefile", "");
  const [file, script] = part("dkms").command;
  const args = [script, verb, "demo/1.0", "-k", release, "-j", "3", ...tree.dkmsOptions()];
  return createHost().run({ file, args, timeoutMs: 60_000 });
}

function load(tree: TreeBuilder) {
  const directory = tree.at("lib/modules", release);
  const kernel = kernelOf({ directory, headers: { directory: `${directory}/build`, digest: "" } });
  const module = { name: "demo", version: "1.0" };
  const file = tree.at("usr/src/demo-1.0/dkms.conf");
  return { kernel, module, conf: loadConf(tree.host(), { module, kernel, file }) };
}

const names = "PACKAGE_NAME=demo\nPACKAGE_VERSION=1.0\n";
const plain = `${names}DEST_MODULE_LOCATION=/extra\n`;

const confs = [
  plain,
  "",
  "PACKAGE_NAME=demo\nDEST_MODULE_LOCATION=/extra",
  names,
  `${names}BUILT_MODULE_NAME=demo`,
  `${names}DEST_MODULE_LOCATION=/lib`,
  `${names}DEST_MODULE_LOCATION=/extrafoo`,
  `${plain}BUILT_MODULE_NAME=demo.ko`,
  `${plain}DEST_MODULE_NAME=demo.o`,
  `${plain}AUTOINSTALL=maybe`,
  `${plain}AUTOINSTALL=YES`,
  `${plain}AUTOINSTALL=' yes'`,
  `${plain}NO_WEAK_MODULES=y`,
  `${plain}BUILD_DEPENDS_REBUILD=1`,
  `${plain}DEST_MODULE_LOCATION[1]=/extra`,
  `${plain}BUILT_MODULE_LOCATION[3]=`,
  `${plain}BUILT_MODULE_NAME=(a b)\nDEST_MODULE_LOCATION=(/extra /extra)\nDEST_MODULE_NAME=(x x)`,
  `${plain}BUILT_MODULE_NAME=(a a)\nDEST_MODULE_LOCATION=(/extra /extra)\nDEST_MODULE_NAME=(x y)`,
  `${plain}if false; then :; fi\nexit 0`,
  `${plain}set -e\nfalse\nAUTOINSTALL=maybe`,
  plain.replaceAll("\n", "\r\n"),
];

testNeeding(same, ["dkms", "root"], "the same files are valid", async (part, { tree }) => {
  for (const text of confs) {
    const { exitCode } = await runDkms(part, tree, { verb: "add", text });
    const conf = await load(tree).conf;
    assert.is(conf.ok ? 0 : conf.error.dkmsExit, exitCode, JSON.stringify(text));
  }
});

const makes = [
  "",
  "MAKE=make",
  "MAKE='make all'",
  'MAKE="  make  all"',
  "MAKE=\"'make' all\"",
  'MAKE=\'"make" CC="gcc" M=$module\'',
  "MAKE='make M=$dkms_tree/$module \\$arch $nothing.'",
  "helper=x\nMAKE='make $helper'\"$helper $(echo y)\"",
  "MAKE=$'make one\\n  two\\ttail  '",
  "MAKE='make `echo $kernelver`'",
  "MAKE=a\nMAKE[1]='b $PACKAGE_NAME'\nMAKE_MATCH[1]='^6\\.1'",
  "MAKE=a\nMAKE[2]=c\nMAKE_MATCH[2]=^6",
  "MAKE=(a b)\nMAKE_MATCH=('^5' '^(6|7).*-amd64$')",
  "MAKE+=x\r\nMAKE+=y\r",
];

testNeeding(same, ["dkms", "root"], "the make command is the same", async (part, { tree }) => {
  for (const text of makes) {
    // It fails in the end, as nothing is built; the log says what was run, and that is all.
    const { stderr } = await runDkms(part, tree, { verb: "build", text: plain + text });
    const log = tree.host().files.readText(tree.at("var/lib/dkms/demo/1.0/build/make.log")) ?? stderr;
    const { conf, kernel, module } = load(tree);
    const known = await conf;
    assert.ok(known.ok, text);
    const dkmsTree = tree.at("var/lib/dkms");
    const command = makeCommand(known.value, { kernel, dkmsTree, module, jobs: 3, llvm: false });
    assert.is(command, /# command: ([^\n]*)\n/.exec(log)?.[1], JSON.stringify(text));
  }
});

const exclusions = [
  "BUILD_EXCLUSIVE_KERNEL=^6",
  "BUILD_EXCLUSIVE_KERNEL='[18-19]'",
  "BUILD_EXCLUSIVE_KERNEL='^(5|6\\.[2-9])'",
  "BUILD_EXCLUSIVE_ARCH=x86",
  "BUILD_EXCLUSIVE_ARCH='^x86$'",
  "BUILD_EXCLUSIVE_CONFIG='CONFIG_DRM !CONFIG_NOPE'",
  "BUILD_EXCLUSIVE_CONFIG='!CONFIG_DRM'",
  "BUILD_EXCLUSIVE_KERNEL_MIN=6.1.0-57",
  "BUILD_EXCLUSIVE_KERNEL_MAX=6.1.0-56-amd64",
  "OBSOLETE_BY=6.1",
  "OBSOLETE_BY=6.1\nBUILD_EXCLUSIVE_KERNEL_MAX=6.2",
];

testNeeding(same, ["dkms", "root"], "the same kernels are excluded", async (part, { tree }) => {
  for (const text of exclusions) {
    const { exitCode } = await runDkms(part, tree, { verb: "build", text: plain + text });
    const { conf, kernel } = load(tree);
    const known = await conf;
    assert.ok(known.ok, text);
    assert.is(exclusion(known.value, kernel, config) !== undefined, exitCode === 77, text);
  }
});

same.run();
