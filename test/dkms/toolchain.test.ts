import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { chooseToolchain, compilerDigest, missingTools } from "../../src/dkms/toolchain.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";
import { confWith } from "./conf/conf-builder.ts";

interface Context {
  tree: TreeBuilder;
}

/** A host that has exactly these programs. */
function hostWith(tree: TreeBuilder, ...programs: readonly string[]) {
  for (const program of programs) fs.chmodSync(tree.write(`tools/${program}`, `#!/bin/sh\n# ${program}\n`), 0o755);
  return tree.host({ searchPath: tree.at("tools") });
}

const clang = new Map([
  ["CONFIG_CC_IS_CLANG", "y"],
  ["CONFIG_LD_IS_LLD", "y"],
  ["CONFIG_CC_VERSION_TEXT", "gcc-12 (odd) 12"],
]);
const gcc = new Map([["CONFIG_CC_VERSION_TEXT", "gcc-12 (Debian 12.2.0-14) 12.2.0"]]);

const choose = withTree("chooseToolchain");

choose("takes the compiler that the configuration names, if it is here", ({ tree }) => {
  const expected = { cc: "gcc-12", ld: undefined, llvm: false, env: { CC: "gcc-12", KERNEL_CC: "gcc-12" } };
  assert.equal(chooseToolchain(hostWith(tree, "gcc-12"), gcc), expected);
});

choose("leaves the choice to the Makefile if it is not", ({ tree }) => {
  assert.equal(chooseToolchain(hostWith(tree, "gcc"), gcc), { cc: undefined, ld: undefined, llvm: false, env: {} });
  assert.is(chooseToolchain(hostWith(tree, "gcc"), new Map()).cc, undefined);
});

choose("takes clang and its linker for a kernel that was built by them", ({ tree }) => {
  const env = { CC: "clang", KERNEL_CC: "clang", LD: "ld.lld", KERNEL_LD: "ld.lld" };
  const expected = { cc: "clang", ld: "ld.lld", llvm: true, env };
  assert.equal(chooseToolchain(hostWith(tree, "clang", "ld.lld", "gcc-12"), clang), expected);
});

choose("keeps LLVM=1 where clang is missing, so that the build says so", ({ tree }) => {
  const { cc, ld, llvm } = chooseToolchain(hostWith(tree, "gcc-12"), clang);
  assert.equal([cc, ld, llvm], ["gcc-12", undefined, true]);
});

choose("believes the vmlinux of a build tree where the configuration does not tell", ({ tree }) => {
  tree.write("linux/vmlinux", "\u0000clang version 16.0.6\u0000");
  assert.ok(chooseToolchain(hostWith(tree, "gcc-12"), gcc, tree.at("linux")).llvm);
  assert.not(chooseToolchain(hostWith(tree, "gcc-12"), gcc, tree.at("headers")).llvm);
  const told = new Map([...gcc, ["CONFIG_CC_IS_GCC", "y"]]);
  assert.not(chooseToolchain(hostWith(tree, "gcc-12"), told, tree.at("linux")).llvm);
});

const digest = withTree("compilerDigest");

digest("changes with the program behind a link", ({ tree }) => {
  const host = hostWith(tree, "real-1", "real-2");
  const toolchain = { cc: "gcc-12", ld: undefined, llvm: false, env: {} };
  assert.is(compilerDigest(host, toolchain), undefined);
  fs.symlinkSync("real-1", tree.at("tools/gcc-12"));
  const before = compilerDigest(host, toolchain);
  assert.match(before ?? "", /^[0-9a-f]{64}$/);
  fs.rmSync(tree.at("tools/gcc-12"));
  fs.symlinkSync("real-2", tree.at("tools/gcc-12"));
  assert.is.not(compilerDigest(host, toolchain), before);
});

const missing = withTree("missingTools");

missing("asks only for what this build needs", ({ tree }) => {
  const toolchain = { cc: "gcc-12", ld: undefined, llvm: false, env: {} };
  const bare = confWith({ objects: [] });
  const host = hostWith(tree, "bash", "make", "gcc-12");
  assert.equal(missingTools(host, { conf: bare, toolchain, compression: "none" }), []);
  const full = confWith({ patches: ["a.patch"] });
  assert.equal(missingTools(host, { conf: full, toolchain, compression: "zst" }), ["strip", "patch", "zstd"]);
});

missing("asks for clang's tools where clang built the kernel", ({ tree }) => {
  const toolchain = { cc: undefined, ld: undefined, llvm: true, env: {} };
  const needs = { conf: confWith(), toolchain, compression: "xz" } as const;
  assert.equal(missingTools(hostWith(tree), needs), ["bash", "make", "clang", "llvm-strip", "xz"]);
});

function withTree(name: string) {
  const named = suite<Context>(name);
  named.before.each((context) => {
    context.tree = dkmsTree();
  });
  named.after.each(({ tree }) => tree.remove());
  return named;
}

choose.run();
digest.run();
missing.run();
