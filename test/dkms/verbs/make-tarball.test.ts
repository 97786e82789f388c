import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseBuildRecord } from "../../../src/dkms/build-record.ts";
import { makeTarball, type TarballOrder } from "../../../src/dkms/verbs/make-tarball.ts";
import { buildRecord } from "../../rig/build-record.ts";
import { dkmsTree, type TreeBuilder } from "../../rig/tree-builder.ts";
import { expectFailure, expectUndoable, expectUntouched } from "../../rig/verb-world.ts";

const releases = ["6.1.0-1", "6.1.0-2"] as const;
const kernels = releases.map((release) => ({ release, arch: "x86_64" }));
const module = { name: "demo", version: "1.0" };
const built = "var/lib/dkms/demo/1.0/6.1.0-1/x86_64";

const pack = suite<{ tree: TreeBuilder }>("makeTarball");

pack.before.each((context) => {
  context.tree = world();
});
pack.after.each(({ tree }) => tree.remove());

/** demo/1.0 with a source of some variety, built for two kernels. */
function world(): TreeBuilder {
  const tree = dkmsTree();
  const source = { "src/demo.c": "int demo;\n", "src/.hidden": "x", ".git/config": "y", "patches/a b.patch": "z" };
  tree.module("demo/1.0", { source }).built("6.1.0-1").built("6.1.0-2");
  fs.chmodSync(tree.write("usr/src/demo-1.0/script", "#!/bin/sh\n"), 0o755);
  fs.symlinkSync("src/demo.c", tree.at("usr/src/demo-1.0/link.c"));
  tree.write(`${built}/log/make.log`, "made\n");
  tree.write(`${built}/.dep_other`, "2.0\n");
  return tree;
}

function order(tree: TreeBuilder, more: Partial<TarballOrder> = {}): TarballOrder {
  return { module, kernels, scope: "all", file: tree.at("out/demo.tar"), packing: "none", ...more };
}

async function packed(tree: TreeBuilder, more: Partial<TarballOrder> = {}): Promise<Buffer> {
  const wanted = order(tree, more);
  const result = await makeTarball(tree.host(), wanted);
  if (!result.ok) throw new Error(result.error.message);
  result.value.undo.commit();
  return fs.readFileSync(wanted.file);
}

function listed(archive: Buffer): readonly string[] {
  return execFileSync("tar", ["-t"], { input: archive, encoding: "utf8" }).trimEnd().split("\n");
}

const mainTree = [
  "./dkms_main_tree/",
  "./dkms_main_tree/6.1.0-1/",
  "./dkms_main_tree/6.1.0-1/x86_64/",
  "./dkms_main_tree/6.1.0-1/x86_64/.dep_other",
  "./dkms_main_tree/6.1.0-1/x86_64/log/",
  "./dkms_main_tree/6.1.0-1/x86_64/log/make.log",
  "./dkms_main_tree/6.1.0-1/x86_64/module/",
  "./dkms_main_tree/6.1.0-1/x86_64/module/demo.ko",
  "./dkms_main_tree/6.1.0-2/",
  "./dkms_main_tree/6.1.0-2/x86_64/",
  "./dkms_main_tree/6.1.0-2/x86_64/log/",
  "./dkms_main_tree/6.1.0-2/x86_64/log/make.log",
  "./dkms_main_tree/6.1.0-2/x86_64/module/",
  "./dkms_main_tree/6.1.0-2/x86_64/module/demo.ko",
];

const sourceTree = [
  "./dkms_source_tree/",
  "./dkms_source_tree/dkms.conf",
  "./dkms_source_tree/link.c",
  "./dkms_source_tree/patches/",
  "./dkms_source_tree/patches/a b.patch",
  "./dkms_source_tree/script",
  "./dkms_source_tree/src/",
  "./dkms_source_tree/src/.hidden",
  "./dkms_source_tree/src/demo.c",
];

const identity = [
  "./dkms_binaries_only/",
  "./dkms_binaries_only/PACKAGE_NAME",
  "./dkms_binaries_only/PACKAGE_VERSION",
  "./dkms_binaries_only/dkms.conf",
];

pack("packs builds and source, builds without source, or the source alone", async ({ tree }) => {
  assert.equal(listed(await packed(tree)), [...mainTree, ...sourceTree]);
  assert.equal(listed(await packed(tree, { scope: "binaries" })), [...identity, ...mainTree]);
  assert.equal(listed(await packed(tree, { scope: "source", kernels: [] })), ["./dkms_main_tree/", ...sourceTree]);
});

pack(
  "gives the same bytes in another place, for another owner, with other times and another umask",
  async ({ tree }) => {
    const first = await packed(tree);
    const copy = dkmsTree();
    try {
      execFileSync("cp", ["-r", `${tree.at("var")}`, `${tree.at("usr")}`, copy.root]);
      const link = copy.at("var/lib/dkms/demo/1.0/source");
      fs.rmSync(link);
      fs.symlinkSync(copy.at("usr/src/demo-1.0"), link);
      execFileSync("chown", ["-R", "-h", "12345:12345", copy.root]);
      execFileSync("chmod", ["-R", "go=", copy.root]);
      fs.utimesSync(copy.at("usr/src/demo-1.0/dkms.conf"), 1, 1);
      assert.ok((await packed(copy, { kernels: kernels.toReversed() })).equals(first));
      copy.write("usr/src/demo-1.0/src/demo.c", "int dema;\n");
      assert.not.ok((await packed(copy)).equals(first));
    } finally {
      copy.remove();
    }
  },
);

pack("takes the build record along, without what only concerns this host", async ({ tree }) => {
  const record = buildRecord({ module, kernel: kernels[0] ?? { release: "", arch: "" } });
  const superseded = [{ file: "old.ko", sha256: "0" }];
  tree.write(`${built}/.dkms-agent-build.json`, JSON.stringify({ ...record, superseded, tarball: { sha256: "1" } }));
  tree.write(`${built}/.dkms-agent-demo.0123456789ab`, "left behind");
  const archive = await packed(tree);
  const name = "./dkms_main_tree/6.1.0-1/x86_64/.dkms-agent-build.json";
  assert.equal(listed(archive), [...mainTree, name, ...sourceTree].sort());
  const text = execFileSync("tar", ["-xO", name], { input: archive, encoding: "utf8" });
  assert.equal(parseBuildRecord(text), record);
  tree.write(`${built}/.dkms-agent-build.json`, "{}");
  assert.equal(listed(await packed(tree)), [...mainTree, ...sourceTree]);
});

pack("says which links keep it from being loaded", async ({ tree }) => {
  for (const [name, target] of Object.entries({
    absolute: "/etc/passwd",
    out: "../../x",
    in: "src/../src/demo.c",
    up: "src",
  }))
    fs.symlinkSync(target, tree.at("usr/src/demo-1.0", name));
  const result = await makeTarball(tree.host(), order(tree));
  assert.ok(result.ok);
  const links = result.value.notices.map((text) => /the link (.*) -> /.exec(text)?.[1]);
  assert.equal(links, ["absolute", "in", "out"]);
});

pack("replaces an archive, and can be taken back", async ({ tree }) => {
  tree.write("out/demo.tar", "the old one");
  await expectUndoable(tree, () => makeTarball(tree.host(), order(tree)));
  assert.equal(fs.readdirSync(tree.at("out")), ["demo.tar"]);
});

pack("clears what a killed run left in the module's own directory, and nothing else", async ({ tree }) => {
  const directory = "var/lib/dkms/demo/1.0/tarball";
  tree.write(`${directory}/.dkms-agent-demo.0123456789ab`, "half");
  tree.write(`${directory}/other.tar.gz`, "other");
  await packed(tree, { file: tree.at(directory, "demo.tar") });
  assert.equal(fs.readdirSync(tree.at(directory)).sort(), ["demo.tar", "other.tar.gz"]);
});

pack("leaves nothing behind when it is stopped", async ({ tree }) => {
  tree.write("usr/src/demo-1.0/large", Buffer.alloc(3_000_000));
  const controller = new AbortController();
  const host = tree.host({ signal: controller.signal });
  const onProgress = () => controller.abort();
  await expectUntouched(tree, "E_CANCELLED", () => makeTarball(host, order(tree, { onProgress })));
});

pack("fails without a trace where something cannot be packed", async ({ tree }) => {
  const at = (more: Partial<TarballOrder>) => () => makeTarball(tree.host(), order(tree, more));
  const unbuilt = [{ release: "6.1.0-9", arch: "x86_64" }];
  assert.is((await expectUntouched(tree, "E_NOT_BUILT", at({ kernels: unbuilt }))).dkmsExit, 6);
  const elsewhere = { module: { name: "demo", version: "2.0" } };
  assert.is((await expectUntouched(tree, "E_NOT_IN_TREE", at(elsewhere))).dkmsExit, 3);
  await expectUntouched(tree, "E_USAGE", at({ file: tree.at("usr/src") }));
  execFileSync("mkfifo", [tree.at("usr/src/demo-1.0/pipe")]);
  await expectUntouched(tree, "E_USAGE", at({ file: tree.at("usr/src/demo-1.0/pipe") }));
  assert.match((await expectUntouched(tree, "E_NO_SOURCE", at({}))).message, "demo-1.0/pipe");
  fs.rmSync(tree.at("usr/src/demo-1.0"), { recursive: true });
  assert.is((await expectUntouched(tree, "E_BROKEN_MODULE", at({}))).dkmsExit, 4);
});

pack("says that a compressor is missing", async ({ tree }) => {
  const host = tree.host({ searchPath: tree.root });
  const failure = await expectUntouched(tree, "E_NO_TOOL", () => makeTarball(host, order(tree, { packing: "xz" })));
  assert.match(failure.remedy ?? "", "Install xz");
});

pack("says which file changed meanwhile", async ({ tree }) => {
  const log = tree.at(built, "log/make.log");
  const host = tree.host();
  const lstat = (file: string) => {
    const stat = host.files.lstat(file);
    return stat && file === log ? { ...stat, size: stat.size + 1 } : stat;
  };
  const changing = { ...host, files: { ...host.files, lstat } };
  const failure = expectFailure(await makeTarball(changing, order(tree)), "E_PRECONDITION");
  assert.is(failure.path, log);
  assert.not.ok(fs.existsSync(path.dirname(order(tree).file)));
});

pack.run();
