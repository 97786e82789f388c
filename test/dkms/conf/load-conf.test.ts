import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { DkmsConf } from "../../../src/dkms/conf/dkms-conf.ts";
import { type ConfRequest, loadConf } from "../../../src/dkms/conf/load-conf.ts";
import { dkmsTree, type TreeBuilder } from "../../rig/tree-builder.ts";
import { kernelOf } from "./conf-builder.ts";

interface Context {
  tree: TreeBuilder;
}

const load = suite<Context>("loadConf");
load.before.each((context) => {
  context.tree = dkmsTree();
});
load.after.each(({ tree }) => tree.remove());

const module = { name: "demo", version: "1.0" };
const plain = "PACKAGE_NAME=demo\nPACKAGE_VERSION=1.0\nDEST_MODULE_LOCATION=/extra\n";

function loadText(tree: TreeBuilder, text: string, more: Partial<ConfRequest> = {}) {
  tree.module("demo/1.0", { conf: text });
  return loadConf(tree.host(), { module, kernel: kernelOf(), ...more });
}

async function confOf(tree: TreeBuilder, text: string, more: Partial<ConfRequest> = {}): Promise<DkmsConf> {
  const conf = await loadText(tree, text, more);
  if (!conf.ok) throw new Error(conf.error.message);
  return conf.value;
}

load("knows the trees, the kernel and its headers", async ({ tree }) => {
  const { make } = await confOf(tree, `${plain}MAKE="$dkms_tree|$source_tree|$install_tree|$kernel_source_dir|$arch"`);
  const trees = [tree.at("var/lib/dkms"), tree.at("usr/src"), tree.at("lib/modules")];
  assert.is(make, [...trees, "/lib/modules/6.1.0-56-amd64/build", "x86_64"].join("|"));
});

load("starts no process for plain assignments", async ({ tree }) => {
  tree.module("demo/1.0", { conf: `${plain}MAKE="make \\$kernelver '$arch'"` });
  tree.write("etc/dkms/demo.conf", "MAKE_MATCH='^6\\.1'\n");
  const run = () => Promise.reject(new Error("a process was started"));
  const conf = await loadConf({ ...tree.host(), run }, { module, kernel: kernelOf() });
  assert.is(conf.ok && conf.value.make, "make 6.1.0-56-amd64 'x86_64'");
});

load("reads every value twice, as dell/dkms does", async ({ tree }) => {
  const text = `${plain}helper=x\nMAKE='make M=$module \\$arch'\nPRE_BUILD="configure\n  --with=$helper\n"\nPOST_BUILD='$helper'\r\n`;
  const { make, scripts } = await confOf(tree, text);
  assert.is(make, "make M=demo $arch");
  assert.equal(scripts, { preBuild: "configure --with=x " });
});

load("reads the same by bash", async ({ tree }) => {
  const text = `${plain}helper=$(echo x)\nMAKE='make M=$module \\$arch'\nPRE_BUILD="configure\n  --with=$helper\n"\nPOST_BUILD='$helper'\r\n`;
  const { make, scripts } = await confOf(tree, text);
  assert.is(make, "make M=demo $arch");
  assert.equal(scripts, { preBuild: "configure --with=x " });
});

load("sources the override files in their order, each without the variables of the one before", async ({ tree }) => {
  for (const name of [
    "demo",
    "demo-1.0",
    "demo-1.0-6.1.0-56-amd64",
    "demo-1.0-6.1.0-56-amd64-x86_64",
    "demo--6.1.0-56-amd64",
    "demo--6.1.0-56-amd64-x86_64",
  ]) {
    tree.write(`etc/dkms/${name}.conf`, `MAKE+=" ${name}$helper"\nhelper=no`);
  }
  tree.write("etc/dkms/demo-2.0.conf", "MAKE=other");
  const { make } = await confOf(tree, `${plain}MAKE=make`);
  assert.equal(make?.split(" "), [
    "make",
    "demo",
    "demo-1.0",
    "demo-1.0-6.1.0-56-amd64",
    "demo-1.0-6.1.0-56-amd64-x86_64",
    "demo--6.1.0-56-amd64",
    "demo--6.1.0-56-amd64-x86_64",
  ]);
});

load("lets a directive win, and takes it as written", async ({ tree }) => {
  tree.write("etc/dkms/demo.conf", "MAKE=b");
  const directives = { MAKE: 'make  "$x" \\y', "PATCH[1]": "p", "PRE_BUILD+": " more" };
  const conf = await confOf(tree, `${plain}MAKE=a\nPATCH=o\nPRE_BUILD=run`, { directives });
  assert.is(conf.make, 'make  "$x" \\y');
  assert.equal(conf.patches, ["o", "p"]);
  assert.is(conf.scripts.preBuild, "run more");
});

load("says with 4 that there is no dkms.conf", async ({ tree }) => {
  tree.module("demo/1.0", { link: "dangling" });
  const conf = await loadConf(tree.host(), { module, kernel: kernelOf() });
  assert.ok(!conf.ok);
  assert.equal([conf.error.code, conf.error.dkmsExit], ["E_CONF_MISSING", 4]);
  assert.is(conf.error.path, tree.at("var/lib/dkms/demo/1.0/source/dkms.conf"));
  assert.ok(conf.error.remedy);
});

load("names every problem of the file at once, and the remedy, with 8", async ({ tree }) => {
  const conf = await loadText(tree, "PACKAGE_NAME=demo\nAUTOINSTALL=maybe\nBUILT_MODULE_NAME=x.ko\n");
  assert.ok(!conf.ok);
  assert.equal([conf.error.code, conf.error.dkmsExit], ["E_CONF_INVALID", 8]);
  for (const directive of ["PACKAGE_VERSION", "AUTOINSTALL", "BUILT_MODULE_NAME[0]", "DEST_MODULE_LOCATION[0]"]) {
    assert.ok(conf.error.message.includes(directive), directive);
  }
  assert.match(conf.error.remedy ?? "", /etc\/dkms\/demo\.conf/);
});

load("names the override file that is at fault", async ({ tree }) => {
  const override = tree.write("etc/dkms/demo.conf", "exit 1");
  const conf = await loadText(tree, plain);
  assert.ok(!conf.ok);
  assert.is(conf.error.path, override);
});

load("refuses what is no file, or far too large", async ({ tree }) => {
  const conf = await loadText(tree, plain, { file: tree.at("usr") });
  assert.match(conf.ok ? "" : conf.error.message, /not a plain file/);
  const file = tree.write("large", "#".repeat((1 << 20) + 1));
  const large = await loadConf(tree.host(), { module, kernel: kernelOf(), file });
  assert.match(large.ok ? "" : large.error.message, /1048577 bytes/);
});

load("passes on what the file wrote to stderr", async ({ tree }) => {
  const { notices } = await confOf(tree, `${plain}echo I2C is disabled >&2`);
  assert.equal(notices, ["I2C is disabled"]);
});

load("means of a shared file what it means for each kernel and module", async ({ tree }) => {
  const known = { evaluations: new Map(), interpretations: new Map() };
  const kernels = [kernelOf(), kernelOf({ id: { release: "6.12.1-amd64", arch: "x86_64" } }), kernelOf()];
  const modules = [module, { name: "copy", version: "2.0" }];
  const confs = ["MAKE=all", "MAKE=(all new)\nMAKE_MATCH[1]=^6.12", "MAKE=$kernelver", "BUILD_EXCLUSIVE_ARCH=x86"];
  const files = confs.map((text, index) => tree.write(`${index}.conf`, plain + text));
  for (const file of files) {
    for (const kernel of kernels) {
      for (const module of modules) {
        const request = { module, kernel, file };
        assert.equal(await loadConf(tree.host(), { ...request, known }), await loadConf(tree.host(), request));
      }
    }
  }
});

load("evaluates a text that lies at two places once, unless bash has to", async ({ tree }) => {
  const known = { evaluations: new Map(), interpretations: new Map() };
  const counts: number[] = [];
  for (const make of ["MAKE=$kernelver", "MAKE=$(dirname $BASH_SOURCE)"]) {
    for (const place of ["one", "two"]) {
      const file = tree.write(`${place}/dkms.conf`, `${plain}${make}\n`);
      const conf = await loadConf(tree.host(), { module, kernel: kernelOf(), file, known });
      assert.is(conf.ok && conf.value.make, make.endsWith("SOURCE)") ? tree.at(place) : "6.1.0-56-amd64");
      counts.push(known.evaluations.size);
    }
  }
  assert.equal(counts, [1, 1, 2, 3]);
  tree.link("two", "link");
  const conf = await loadConf(tree.host(), { module, kernel: kernelOf(), file: tree.at("link/dkms.conf"), known });
  assert.is(conf.ok && conf.value.make, tree.at("two"), "one file, by another path");
  assert.is(known.evaluations.size, 3);
});

load("takes away what has two objects of one name, if asked to", async ({ tree }) => {
  const text = `${plain}BUILT_MODULE_NAME=(a a)\nDEST_MODULE_LOCATION=(/extra /extra)`;
  assert.not((await loadText(tree, text)).ok);
  assert.ok((await loadConf(tree.host(), { module, kernel: kernelOf(), strict: false })).ok);
});

load.run();
