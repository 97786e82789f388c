import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { digestSource, isSource } from "../../src/dkms/digest-source.ts";
import { localFiles } from "../../src/host/local-files.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";

const digest = suite<{ tree: TreeBuilder; one: string; other: string }>("digestSource");

digest.before.each((context) => {
  context.tree = dkmsTree();
  for (const source of ["one", "other"]) {
    context.tree.write(`${source}/Makefile`, "obj-m := hello.o\n");
    context.tree.write(`${source}/src/hello.c`, "int x;\n");
    context.tree.link("src/hello.c", `${source}/link.c`);
  }
  context.one = context.tree.at("one");
  context.other = context.tree.at("other");
});
digest.after.each(({ tree }) => tree.remove());

digest("is the same for a copy, whatever its times, umask and version control", ({ tree, one, other }) => {
  fs.chmodSync(tree.at("other/Makefile"), 0o600);
  fs.utimesSync(tree.at("other/src/hello.c"), 1, 1);
  tree.write("other/.git/HEAD", "ref: refs/heads/main\n");
  tree.write("other/src/.svn/entries", "12\n");
  assert.is(digestOf(one), digestOf(other));
  assert.not(isSource(".git"));
  assert.ok(isSource(".config"));
});

digest("changes with every thing that a build could see", ({ tree, one, other }) => {
  const changes: (() => void)[] = [
    () => tree.write("other/src/hello.c", "int y;\n"),
    () => tree.write("other/new.h", ""),
    () => fs.chmodSync(tree.at("other/Makefile"), 0o755),
    () => fs.renameSync(tree.at("other/new.h"), tree.at("other/src/new.h")),
    () => fs.mkdirSync(tree.at("other/empty")),
    () => fs.rmSync(tree.at("other/link.c")),
    () => tree.link("elsewhere.c", "other/link.c"),
    () => {
      fs.rmSync(tree.at("other/link.c"));
      tree.write("other/link.c", "elsewhere.c");
    },
  ];
  const seen = new Set([digestOf(one)]);
  for (const change of changes) {
    change();
    seen.add(digestOf(other));
  }
  assert.is(seen.size, changes.length + 1);
});

digest("does not follow a link out of the tree", ({ tree, one, other }) => {
  for (const source of ["one", "other"]) tree.link(tree.at("secret"), `${source}/out`);
  const before = digestOf(one);
  tree.write("secret/file", "changes");
  assert.is(digestOf(one), before);
  assert.is(digestOf(other), before);
});

digest("refuses a FIFO instead of waiting for it", ({ tree, one }) => {
  execFileSync("mkfifo", [tree.at("one/src/pipe")]);
  const result = digestSource(localFiles, one);
  assert.is(result.ok, false);
  if (result.ok) return;
  assert.is(result.error.code, "E_NO_SOURCE");
  assert.is(result.error.path, tree.at("one/src/pipe"));
});

digest("says that a directory is not there, or not readable", ({ tree, one }) => {
  assert.is(codeOf(tree.at("nowhere")), "E_NO_SOURCE");
  const files = {
    ...localFiles,
    sha256: (file: string) => {
      throw Object.assign(new Error("EACCES: permission denied"), { code: "EACCES", syscall: "open", path: file });
    },
  };
  const result = digestSource(files, one);
  assert.is(result.ok ? undefined : result.error.code, "E_PERMISSION");
});

function digestOf(directory: string): string {
  const result = digestSource(localFiles, directory);
  if (!result.ok) throw new Error(result.error.message);
  assert.match(result.value, /^[0-9a-f]{64}$/);
  return result.value;
}

function codeOf(directory: string): string | undefined {
  const result = digestSource(localFiles, directory);
  return result.ok ? undefined : result.error.code;
}

digest.run();
