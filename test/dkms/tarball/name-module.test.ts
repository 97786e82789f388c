import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Result } from "../../../src/dkms/failure.ts";
import { readTarball } from "../../../src/dkms/tarball/read-tarball.ts";
import type { TarballIndex } from "../../../src/dkms/tarball/tarball.ts";
import type { HostOptions } from "../../../src/host/create-host.ts";
import { memoryDirectory } from "../../rig/memory-directory.ts";
import { tarArchive } from "../../rig/tar-archive.ts";
import { demoConf } from "../../rig/tarballs.ts";
import { testNeeding } from "../../rig/test-needing.ts";
import { dkmsTree, type TreeBuilder } from "../../rig/tree-builder.ts";

const name = suite<{ tree: TreeBuilder }>("nameModule");
name.before.each((context) => {
  context.tree = dkmsTree();
});
name.after.each(({ tree }) => tree.remove());

/** What is read of an archive whose dkms.conf has these lines too. */
function readWith(tree: TreeBuilder, lines: string, host?: Omit<HostOptions, "root">): Promise<Result<TarballIndex>> {
  const file = tree.write("archive", tarArchive([{ name: "demo/dkms.conf", content: `${demoConf()}${lines}` }]));
  return readTarball(tree.host(host), { file });
}

function versionOf(result: Result<TarballIndex>): string {
  return result.ok ? result.value.module.version : result.error.message;
}

testNeeding(
  name,
  ["root"],
  "evaluates more than assignments as nobody, without network, in an empty directory, where nothing can be written",
  async (_, { tree }) => {
    const open = memoryDirectory("dkms-agent-open-");
    fs.chmodSync(open, 0o1777);
    const facts = ["$(id -u)", "$(id -G | tr ' ' _)", "$(ls | wc -l)", "$(tail -n +3 /proc/net/dev | grep -vc lo:)"];
    // KiB of memory; a file of one MiB at most, which bash counts in KiB.
    facts.push("$(ulimit -v)", "$(ulimit -f)");
    const lines = [
      `PACKAGE_VERSION="${facts.join(".")}"`,
      `echo ran >${open}/trace 2>/dev/null`,
      'for pid in /proc/[0-9]*; do kill -9 "$(basename $pid)" 2>/dev/null; done',
      "touch /tmp/empty/x /tmp/x 2>/dev/null",
    ];
    const read = await readWith(tree, `${lines.join("\n")}\ntrue\n`);
    assert.is(versionOf(read), "65534.65534.0.0.2097152.1024");
    assert.equal(fs.readdirSync(open), []);
    fs.rmdirSync(open);
    assert.not(fs.existsSync("/tmp/empty"));
  },
);

name("evaluates nothing where that cannot be done as nobody", async ({ tree }) => {
  const trace = tree.at("trace");
  const machine = { arch: "x86_64", runningKernel: undefined, uid: 1000 };
  const read = await readWith(tree, `touch ${trace}\n`, { machine });
  assert.match(versionOf(read), "only root can evaluate that");
  assert.not(fs.existsSync(trace));
  assert.is(versionOf(await readWith(tree, "PACKAGE_VERSION=2.0\n", { machine })), "2.0");
});

name.run();
