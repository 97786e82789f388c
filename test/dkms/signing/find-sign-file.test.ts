import { suite } from "uvu";
import * as assert from "uvu/assert";
import { findSignFile } from "../../../src/dkms/signing/find-sign-file.ts";
import { kernelOf, release, series, signingWorld, writeProgram } from "../../rig/signing-world.ts";
import type { TreeBuilder } from "../../rig/tree-builder.ts";

const find = suite<{ tree: TreeBuilder }>("findSignFile");
find.before.each((context) => {
  context.tree = signingWorld();
});
find.after.each(({ tree }) => tree.remove());

function found(tree: TreeBuilder, distribution: string, named?: string, searchPath = tree.at("bin")): string {
  const result = findSignFile(tree.host({ searchPath }), { kernel: kernelOf(tree), distribution, named });
  return result.ok ? result.value : `${result.error.code} ${result.error.path}`;
}

const headers = `usr/src/linux-headers-${release}/scripts/sign-file`;

find("takes Debian's linux-kbuild of the release without its last dot part, else the headers' own", ({ tree }) => {
  const missing = tree.at(headers);
  assert.is(found(tree, "debian"), `E_SIGNING ${missing}`);
  writeProgram(tree, headers);
  assert.is(found(tree, "debian"), missing);
  const kbuild = writeProgram(tree, `usr/lib/linux-kbuild-${series}.0-1/scripts/sign-file`);
  assert.not(found(tree, "debian") === kbuild);
  const own = writeProgram(tree, `usr/lib/linux-kbuild-${series}/scripts/sign-file`);
  assert.is(found(tree, "debian"), own);
  assert.is(found(tree, "fedora"), missing);
});

find("takes Ubuntu's kmodsign, else sign-file of the headers' package, else the kernel's own", ({ tree }) => {
  assert.match(found(tree, "ubuntu"), "E_SIGNING");
  const own = writeProgram(tree, headers);
  assert.is(found(tree, "ubuntu"), own);
  const kmodsign = writeProgram(tree, "bin/kmodsign");
  assert.is(found(tree, "ubuntu"), kmodsign);
  assert.not.match(found(tree, "fedora"), "kmodsign");
});

find("takes the one that is named, for this kernel and below the root, and no other", ({ tree }) => {
  writeProgram(tree, headers);
  assert.is(found(tree, "debian", "/opt/sign"), `E_SIGNING ${tree.at("opt/sign")}`);
  const named = "/opt/${kernelver}/$kernelver/sign";
  const place = writeProgram(tree, `opt/${release}/${release}/sign`);
  assert.is(found(tree, "debian", named), place);
});

find("refuses what is no program", ({ tree }) => {
  tree.write("opt/sign", "#!/bin/sh\n");
  const result = findSignFile(tree.host(), { kernel: kernelOf(tree), distribution: "debian", named: "/opt/sign" });
  assert.ok(!result.ok && /is not a program/.test(result.error.message));
});

find.run();
