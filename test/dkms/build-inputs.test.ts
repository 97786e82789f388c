import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { buildInputs } from "../../src/dkms/build-inputs.ts";
import { readKernel } from "../../src/dkms/read-kernels.ts";
import type { Host } from "../../src/host/host.ts";
import { plainConf } from "../rig/plain-conf.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";

const K = "6.1.0-1";
const conf = { ...plainConf({ name: "top", version: "1" }), buildDepends: ["base", "absent", "../evil"] };

const inputs = suite<{ tree: TreeBuilder }>("buildInputs");
inputs.before.each((context) => {
  context.tree = dkmsTree().kernel(K);
});
inputs.after.each(({ tree }) => tree.remove());

inputs("are the same for the same things", ({ tree }) => {
  const host = hostOf(tree);
  const first = inputsOf(host);
  assert.match(first?.conf ?? "", /^[0-9a-f]{64}$/);
  assert.equal(inputsOf(host), first);
  const turned = { ...Object.fromEntries(Object.entries(conf).reverse()), ...conf, notices: ["told"] };
  assert.equal(inputsOf(host, turned), first);
});

inputs("change with dkms.conf, the headers and the compiler", ({ tree }) => {
  const host = hostOf(tree);
  const first = inputsOf(host);
  assert.is.not(inputsOf(host, { ...conf, make: "make all" })?.conf, first?.conf);
  tree.write(`usr/src/linux-headers-${K}/Module.symvers`, "0x1 init vmlinux EXPORT_SYMBOL\n");
  assert.is.not(inputsOf(host)?.headers, first?.headers);
  tree.write("compiler", "another");
  assert.is.not(inputsOf(host)?.compiler, first?.compiler);
});

inputs("hold the objects of every dependency that is installed for the kernel", ({ tree }) => {
  const host = hostOf(tree);
  tree.module("base/1").built(K);
  assert.equal(inputsOf(host)?.dependencies, {});
  tree.module("base/2").installed(K);
  const before = inputsOf(host)?.dependencies;
  assert.equal(Object.keys(before ?? {}), ["base"]);
  tree.write(`var/lib/dkms/base/1/${K}/x86_64/module/base.ko`, "of a version that is not installed");
  assert.equal(inputsOf(host)?.dependencies, before);
  tree.write(`var/lib/dkms/base/2/${K}/x86_64/module/base.ko`, "built anew");
  assert.not.equal(inputsOf(host)?.dependencies, before);
});

inputs("are not known without headers or without compiler", ({ tree }) => {
  assert.is(inputsOf(tree.host({ searchPath: tree.at("nowhere") })), undefined);
  fs.rmSync(tree.at("lib/modules", K, "build"));
  assert.is(inputsOf(hostOf(tree)), undefined);
});

/** The kernel's configuration names no compiler, so it is gcc. */
function hostOf(tree: TreeBuilder): Host {
  const compiler = tree.write("compiler", "one");
  return { ...tree.host(), findProgram: () => compiler };
}

function inputsOf(host: Host, given = conf) {
  const kernel = readKernel(host, { release: K, arch: "x86_64" });
  if (!kernel) throw new Error("the kernel was made before");
  return buildInputs(host, { kernel, conf: given, source: "0".repeat(64) });
}

inputs.run();
