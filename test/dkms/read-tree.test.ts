import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { moduleKey } from "../../src/dkms/id.ts";
import { readTree, type Tree, type TreeModule } from "../../src/dkms/read-tree.ts";
import { filesRefusing } from "../rig/failing-files.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";

const K = "6.1.0-1";
const dkms = "var/lib/dkms";
const read = suite<{ tree: TreeBuilder }>("readTree");

read.before.each((context) => {
  context.tree = dkmsTree();
});
read.after.each(({ tree }) => tree.remove());

read("takes an absent tree and an empty one for no modules", ({ tree }) => {
  assert.equal(readTree(tree.host()), { modules: [], strays: [], findings: [] });
  fs.rmSync(tree.at(dkms), { recursive: true });
  assert.equal(readTree(tree.host()), { modules: [], strays: [], findings: [] });
});

read("says that the tree is not a directory", ({ tree }) => {
  fs.rmSync(tree.at(dkms), { recursive: true });
  const place = tree.write(dkms, "");
  const { modules, findings } = readTree(tree.host());
  assert.equal(modules, []);
  assert.equal(
    findings.map(({ code, path }) => [code, path]),
    [["E_NOT_A_DIRECTORY", place]],
  );
});

read("lists modules and their instances as dell/dkms sorts them", ({ tree }) => {
  for (const key of ["a/1.2", "a/1", "a-b/1", "a./1", "b/1"]) tree.module(key);
  const module = tree.module("a/1-1").built(K).built(`${K}.2`).built(`${K}-2`);
  module.built(K, { arch: "i686" }).installed(`${K}.2`);
  const found = readTree(tree.host());
  assert.equal(keysOf(found), ["a-b/1", "a./1", "a/1", "a/1-1", "a/1.2", "b/1"]);
  assert.equal(moduleOf(found, "a/1-1"), {
    id: { name: "a", version: "1-1" },
    link: "linked",
    instances: [
      { kernel: { release: "6.1.0-1-2", arch: "x86_64" }, active: false, originalsSaved: false },
      { kernel: { release: "6.1.0-1.2", arch: "x86_64" }, active: true, originalsSaved: false },
      { kernel: { release: "6.1.0-1", arch: "i686" }, active: false, originalsSaved: false },
      { kernel: { release: "6.1.0-1", arch: "x86_64" }, active: false, originalsSaved: false },
    ],
    displaced: [],
    leftovers: [],
  });
  assert.equal(found.findings, []);
});

read("tells a dangling source link from a missing one", ({ tree }) => {
  tree.module("good/1");
  tree.module("dangling/1", { link: "dangling" });
  tree.module("missing/1", { link: "missing" });
  tree.module("file/1", { link: "missing" });
  tree.link(tree.write("some-file", ""), `${dkms}/file/1/source`);
  tree.module("directory/1", { link: "missing" });
  fs.mkdirSync(tree.at(dkms, "directory/1/source"));
  const { modules } = readTree(tree.host());
  assert.equal(Object.fromEntries(modules.map(({ id, link }) => [id.name, link])), {
    dangling: "dangling",
    directory: "missing",
    file: "dangling",
    good: "linked",
    missing: "missing",
  });
});

read("follows active links, also when the tree itself is reached through a link", ({ tree }) => {
  tree.module("a/1").built(K);
  tree.module("a/2").installed(K);
  tree.module("b/1").built(K);
  tree.link(tree.at(dkms, "b/1", K, "x86_64"), `${dkms}/b/kernel-${K}-x86_64`);
  const active = (host = tree.host()) =>
    readTree(host).modules.map(({ id, instances }) => [moduleKey(id), instances[0]?.active]);
  const expected = [
    ["a/1", false],
    ["a/2", true],
    ["b/1", true],
  ];
  assert.equal(active(), expected);
  tree.link("dkms", "var/lib/linked");
  assert.equal(active(tree.host({ dkmsTree: tree.at("var/lib/linked") })), expected);
});

read("takes an active link for nothing else, and another name of a directory for no installation", ({ tree }) => {
  tree.module("a/1").installed(K);
  tree.write(`${dkms}/a/1/${K}/x86_64/.dkms-agent-build.json`, "{}");
  tree.link("1", `${dkms}/a/2`);
  const found = readTree(tree.host());
  assert.equal(
    found.modules.map(({ id, instances }) => [moduleKey(id), instances.map(({ active }) => active)]),
    [
      ["a/1", [true]],
      ["a/2", [false]],
    ],
  );
});

read("sees saved originals", ({ tree }) => {
  tree.module("a/1").installed(K);
  tree.write(`${dkms}/a/original_module/${K}/x86_64/a.ko`, "");
  const { modules } = readTree(tree.host());
  assert.equal(keysOf({ modules, strays: [], findings: [] }), ["a/1"]);
  assert.is(modules[0]?.instances[0]?.originalsSaved, true);
});

read("collects what killed runs left of a version", ({ tree }) => {
  tree.module("a/1").built(K);
  const left = [
    tree.write(`${dkms}/a/1/.dkms-agent-0123/x`, "").replace(/\/x$/, ""),
    tree.write(`${dkms}/a/1/tarball/.dkms-agent-a.0123456789ab`, ""),
    tree.write(`${dkms}/a/1/build/make.log`, "").replace(/\/make.log$/, ""),
    tree.write(`${dkms}/a/1/${K}/.tmp_x86_64_abc/module/a.ko`, "").replace(/\/module.*$/, ""),
    tree.write(`${dkms}/a/1/${K}/i686/log/make.log`, "").replace(/\/log.*$/, ""),
    tree.at(dkms, "a/1/6.2.0-1"),
    tree.at(dkms, "a/1", K, "aarch64"),
  ];
  tree.write(`${dkms}/a/1/tarball/a-1.dkms.tar.gz`, "");
  tree.link(".tmp_x86_64_abc", `${dkms}/a/1/${K}/aarch64`);
  fs.mkdirSync(tree.at(dkms, "a/1/6.2.0-1"));
  const found = readTree(tree.host());
  assert.equal([...(moduleOf(found, "a/1")?.leftovers ?? [])].sort(), [...left].sort());
  assert.is(moduleOf(found, "a/1")?.instances.length, 1);
});

read("tells for which kernels a build was moved aside and not replaced", ({ tree }) => {
  tree.module("a/1").built(K);
  for (const arch of ["x86_64", "i686", "aarch64"])
    fs.mkdirSync(tree.at(dkms, "a/1", K, `.dkms-agent-a.${arch}.0123456789ab/module`), { recursive: true });
  tree.link(".tmp_aarch64_abc", `${dkms}/a/1/${K}/aarch64`);
  assert.equal(moduleOf(readTree(tree.host()), "a/1")?.displaced, [
    { release: K, arch: "aarch64" },
    { release: K, arch: "i686" },
  ]);
});

read("collects what killed runs left beside the versions of a package, or in place of them", ({ tree }) => {
  for (const key of ["a/1", "b/1", "e/1"]) tree.module(key);
  const hidden = tree.write(`${dkms}/a/.dkms-agent-a.0123456789ab`, "");
  const original = tree.write(`${dkms}/a/original_module/${K}/x86_64/.dkms-agent-a.0123456789ab`, "");
  tree.write(`${dkms}/c/.dkms-agent-c.0123456789ab/1/source/x`, "");
  for (const empty of ["d", "e/2", `e/original_module/${K}/x86_64`, "e/-odd"])
    fs.mkdirSync(tree.at(dkms, empty), { recursive: true });
  tree.link("1/5.0/x86_64", `${dkms}/e/kernel-5.0-x86_64`);
  assert.equal(readTree(tree.host()).strays, [
    { name: "a", paths: [hidden, original] },
    { name: "c", paths: [tree.at(dkms, "c/.dkms-agent-c.0123456789ab")] },
    { name: "d", paths: [tree.at(dkms, "d")] },
    { name: "e", paths: ["2", "kernel-5.0-x86_64", "original_module"].map((name) => tree.at(dkms, "e", name)) },
  ]);
});

read("knows a version without source link only if something of a module is there", ({ tree }) => {
  fs.mkdirSync(tree.at(dkms, "a/empty"), { recursive: true });
  fs.mkdirSync(tree.at(dkms, "a/tarball"));
  fs.mkdirSync(tree.at(dkms, "a/original_module"));
  fs.mkdirSync(tree.at(dkms, `a/built/${K}/x86_64/module`), { recursive: true });
  tree.write(`${dkms}/a/killed/build/Makefile`, "");
  fs.mkdirSync(tree.at(dkms, "a/added-by-dkms/build"), { recursive: true });
  tree.module("a/sourced", { link: "missing" });
  assert.equal(keysOf(readTree(tree.host())), ["a/built", "a/killed", "a/sourced"]);
});

read("passes over files, hidden names and dangling links, and follows links to directories", ({ tree }) => {
  for (const file of ["mok.key", ".dkms-agent/lock", ".hidden/1/source", `a/1/6.5`]) tree.write(`${dkms}/${file}`, "");
  tree.link("nowhere", `${dkms}/gone`);
  tree.module("real/1").built(K);
  tree.link("real", `${dkms}/same`);
  const found = readTree(tree.host());
  assert.equal(keysOf(found), ["real/1", "same/1"]);
  assert.is(moduleOf(found, "same/1")?.instances.length, 1);
  assert.equal(found.findings, []);
});

read("leaves names alone that no module can have, and says so", ({ tree }) => {
  tree.module("good/1");
  for (const odd of ["sp ace/1", "-rf/1", "good/1\n2", "good/-v"])
    fs.mkdirSync(tree.at(dkms, odd), { recursive: true });
  const found = readTree(tree.host());
  assert.equal(keysOf(found), ["good/1"]);
  assert.equal([...new Set(found.findings.map(({ code }) => code))], ["E_BAD_NAME"]);
  assert.is(found.findings.length, 4);
  for (const { message } of found.findings) assert.not.match(message, "\n");
});

read("reports what it may not read, and reads the rest", ({ tree }) => {
  for (const name of ["a", "b", "c"]) tree.module(`${name}/1`).installed(K);
  const refused = [tree.at(dkms, "a"), tree.at(dkms, "b/1", K)];
  const found = readTree(tree.host({ files: filesRefusing(...refused) }));
  assert.equal(keysOf(found), ["b/1", "c/1"]);
  assert.equal(moduleOf(found, "b/1")?.leftovers, []);
  assert.is(moduleOf(found, "c/1")?.instances.length, 1);
  assert.equal(
    found.findings.map(({ code, path }) => [code, path]),
    refused.map((path) => ["E_PERMISSION", path]),
  );
});

read("throws what no file system throws", ({ tree }) => {
  const files = {
    ...tree.host().files,
    list: () => {
      throw new TypeError("a bug");
    },
  };
  assert.throws(() => readTree(tree.host({ files })), "a bug");
});

function keysOf({ modules }: Tree): string[] {
  return modules.map(({ id }) => moduleKey(id));
}

function moduleOf({ modules }: Tree, key: string): TreeModule | undefined {
  return modules.find(({ id }) => moduleKey(id) === key);
}

read.run();
