import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Failure } from "../../../src/dkms/failure.ts";
import { readTarball } from "../../../src/dkms/tarball/read-tarball.ts";
import type { TarballIndex } from "../../../src/dkms/tarball/tarball.ts";
import { type ArchivedFile, tarArchive } from "../../rig/tar-archive.ts";
import { binariesOnlyFiles, demoConf, objectFiles, sourceFiles } from "../../rig/tarballs.ts";
import { dkmsTree, type TreeBuilder } from "../../rig/tree-builder.ts";

interface Context {
  tree: TreeBuilder;
}

const read = suite<Context>("readTarball");

read.before.each((context) => {
  context.tree = dkmsTree();
});
read.after.each(({ tree }) => tree.remove());

async function indexOf({ tree }: Context, bytes: Buffer): Promise<TarballIndex> {
  const result = await readTarball(tree.host(), { file: tree.write("tmp/archive", bytes) });
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value;
}

async function failureOf({ tree }: Context, files: readonly ArchivedFile[]): Promise<Failure> {
  const result = await readTarball(tree.host(), { file: tree.write("tmp/archive", tarArchive(files)) });
  if (result.ok) throw new Error("succeeded");
  return result.error;
}

read("tells what mktarball has packed, and the digest of the file", async (context) => {
  const bytes = gzipSync(tarArchive([...sourceFiles(), ...objectFiles({ releases: ["6.1.0-2", "6.1.0-1"] })]));
  assert.equal(await indexOf(context, bytes), {
    sha256: createHash("sha256").update(bytes).digest("hex"),
    format: "mktarball",
    module: { name: "demo", version: "1.0" },
    hasSource: true,
    binaries: ["6.1.0-1", "6.1.0-2"].map((release) => ({
      kernel: { release, arch: "x86_64" },
      objects: ["demo_a.ko", "demo_b.ko"],
    })),
  });
});

read(
  "names a module without source as mktarball wrote it, whatever its dkms.conf takes to evaluate",
  async (context) => {
    const demo = { conf: 'if true; then touch "$0"; fi\n' };
    const index = await indexOf(context, tarArchive([...binariesOnlyFiles(demo), ...objectFiles()]));
    assert.is(index.format, "binaries-only");
    assert.is(index.hasSource, false);
    assert.equal(index.module, { name: "demo", version: "1.0" });
  },
);

read("takes the topmost dkms.conf of any other archive", async (context) => {
  const index = await indexOf(
    context,
    tarArchive([
      { name: "demo-1.0/tests/dkms.conf", content: demoConf({ name: "other" }) },
      { name: "demo-1.0/dkms.conf", content: demoConf() },
    ]),
  );
  assert.is(index.format, "source");
  assert.is(index.module.name, "demo");
});

read("refuses two modules, and none", async (context) => {
  const two = ["a/dkms.conf", "b/dkms.conf"].map((name) => ({ name, content: demoConf() }));
  const failure = await failureOf(context, two);
  assert.is(failure.code, "E_TARBALL");
  assert.match(failure.message, "holds two modules: a/dkms.conf and b/dkms.conf");
  assert.is((await failureOf(context, [{ name: "README" }])).dkmsExit, 3);
});

/** What comes of an archive that must have this digest, and which programs are started for it. */
async function wanting({ tree }: Context, bytes: Buffer, { sha256, taken }: { sha256: string; taken?: string }) {
  const host = tree.host({ machine: { arch: "x86_64", runningKernel: undefined, uid: 0 } });
  const started: string[] = [];
  const result = await readTarball(
    {
      ...host,
      files: { ...host.files, sha256: (file) => taken ?? host.files.sha256(file) },
      run: (command) => {
        started.push(command.file);
        return host.run(command);
      },
    },
    { file: tree.write("tmp/archive", bytes), sha256 },
  );
  return { code: result.ok ? "read" : result.error.code, started };
}

read("starts, unpacks and parses nothing for an archive of another digest", async (context) => {
  const bytes = tarArchive(sourceFiles({ conf: 'if true; then touch "$0"; fi\n' }));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const wrong = "0".repeat(64);
  assert.equal(await wanting(context, bytes, { sha256: wrong }), { code: "E_DIGEST", started: [] });
  assert.equal(await wanting(context, bytes.subarray(0, 700), { sha256 }), { code: "E_DIGEST", started: [] });
  assert.equal(await wanting(context, bytes, { sha256: wrong, taken: wrong }), { code: "E_DIGEST", started: [] });
  assert.not.equal((await wanting(context, bytes, { sha256 })).started, []);
});

read.run();
