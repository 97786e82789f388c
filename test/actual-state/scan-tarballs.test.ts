import { createHash } from "node:crypto";
import fs from "node:fs";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ActualState, ScanRequest, TarballState } from "../../src/actual-state/actual-state.ts";
import { scanActual } from "../../src/actual-state/scan-actual.ts";
import { moduleKey } from "../../src/dkms/id.ts";
import { loadTarball } from "../../src/dkms/verbs/load-tarball.ts";
import { defaultArchiveLimits } from "../../src/host/archive/archive-limits.ts";
import { tarArchive } from "../rig/tar-archive.ts";
import { binariesOnlyFiles, objectFiles, sourceFiles } from "../rig/tarballs.ts";
import type { TreeBuilder } from "../rig/tree-builder.ts";
import { demo, expectDone, kernel, release, verbWorld } from "../rig/verb-world.ts";

const { module } = demo();
const other = "6.1.0-2";
const trusting = { allowInsecureFiles: true, limits: defaultArchiveLimits };

interface Context {
  tree: TreeBuilder;
  /** Writes an archive of binaries for the kernel, unless other bytes are given; as a document would list it. */
  pack: (name: string, bytes?: Buffer) => { readonly path: string; readonly sha256: string };
}

const scan = suite<Context>("scanTarballs");
scan.before.each((context) => {
  const tree = verbWorld().kernel(other);
  context.tree = tree;
  context.pack = (name, bytes = gzipSync(tarArchive([...binariesOnlyFiles(), ...objectFiles()]))) => {
    const path = tree.write(`srv/${name}`, bytes);
    fs.chmodSync(tree.at("srv"), 0o755);
    return { path, sha256: createHash("sha256").update(bytes).digest("hex") };
  };
});
scan.after.each(({ tree }) => tree.remove());

type Listed = ReturnType<Context["pack"]>;

function look(
  { tree }: Context,
  files: readonly Listed[],
  { archives = trusting, releases = [release], uid = 0, forSource = false } = {},
): Promise<ActualState> {
  const request: ScanRequest = {
    archives,
    sources: [{ module, directory: undefined }],
    tarballs: [{ module, files, forSource }],
    prospects: () => releases.map((one) => ({ module, kernel: { ...kernel, release: one }, directives: {} })),
  };
  return scanActual(tree.host({ machine: { uid } }), request);
}

function archivesOf({ tarballs }: ActualState): readonly TarballState[] | undefined {
  return tarballs.get(moduleKey(module));
}

async function problemOf(context: Context, files: readonly Listed[], options?: Parameters<typeof look>[2]) {
  const [archive] = archivesOf(await look(context, files, options)) ?? [];
  assert.ok(archive && !archive.found.ok, "there is a problem");
  return archive.found.error;
}

scan("reads what an archive holds, of which nothing is loaded", async (context) => {
  const [archive] = archivesOf(await look(context, [context.pack("a.tar.gz")])) ?? [];
  assert.ok(archive?.found.ok);
  assert.equal(
    archive.found.value.binaries.map((binary) => binary.kernel),
    [kernel],
  );
  assert.is(archive.found.value.hasSource, false);
});

scan("looks into no archive of which everything wanted is loaded, and into it for one more kernel", async (context) => {
  const listed = context.pack("a.tar.gz");
  const request = { file: listed.path, module, kernels: [kernel] };
  expectDone(await loadTarball(context.tree.host(), request, { withoutSource: true })).undo.commit();
  fs.rmSync(listed.path);
  assert.is(archivesOf(await look(context, [listed])), undefined);
  assert.is((await problemOf(context, [listed], { releases: [release, other] })).kind, "unreachable");
});

scan(
  "sees that only dkms.conf is there, which archive brought it, and whether somebody changed it",
  async (context) => {
    const listed = context.pack("a.tar.gz");
    const request = { file: listed.path, module, kernels: [kernel] };
    expectDone(await loadTarball(context.tree.host(), request, { withoutSource: true })).undo.commit();
    const source = async () => (await look(context, [listed])).sources.get(moduleKey(module))?.inTree;
    assert.is((await source())?.confOnly, true);
    assert.is((await source())?.tarball, listed.sha256);
    fs.appendFileSync(context.tree.at("usr/src/demo-1.0/dkms.conf"), "# mine\n");
    assert.is((await source())?.tarball, undefined);
  },
);

scan("looks for the source of what is only to be added", async (context) => {
  const listed = context.pack("a.tar.gz", tarArchive(sourceFiles()));
  assert.is(archivesOf(await look(context, [listed], { releases: [] })), undefined);
  const [archive] = archivesOf(await look(context, [listed], { releases: [], forSource: true })) ?? [];
  assert.ok(archive?.found.ok && archive.found.value.hasSource);
});

scan("does not trust another digest, and names both", async (context) => {
  const listed = context.pack("a.tar.gz");
  const { kind, code, text } = await problemOf(context, [{ ...listed, sha256: "0".repeat(64) }]);
  assert.equal([kind, code], ["untrusted", "E_DIGEST"]);
  assert.match(text, `its sha256 is ${listed.sha256}, not ${"0".repeat(64)}`);
});

scan("says of a damaged archive first of all that it is not the one that is meant", async (context) => {
  const whole = gzipSync(tarArchive([...binariesOnlyFiles(), ...objectFiles()]));
  const half = whole.subarray(0, whole.length / 2);
  const listed = context.pack("a.tar.gz", half);
  assert.is((await problemOf(context, [{ ...listed, sha256: "0".repeat(64) }])).code, "E_DIGEST");
  const { kind, code } = await problemOf(context, [listed]);
  assert.equal([kind, code], ["untrusted", "E_TARBALL"]);
});

scan("does not trust an archive of another module", async (context) => {
  const files = [...binariesOnlyFiles({ name: "demon" }), ...objectFiles()];
  const { kind, text } = await problemOf(context, [context.pack("a.tar.gz", tarArchive(files))]);
  assert.is(kind, "untrusted");
  assert.match(text, "is of demon/1.0, not of demo/1.0");
});

scan("an archive that is not there may come back", async (context) => {
  const listed = context.pack("a.tar.gz");
  fs.rmSync(listed.path);
  const { kind, text, remedy } = await problemOf(context, [listed]);
  assert.equal([kind, text], ["unreachable", `there is no archive ${listed.path}`]);
  assert.match(remedy, "correct its path");
});

if (process.getuid?.() === 0) {
  scan("root reads no archive that somebody else can write to, unless it is told to", async (context) => {
    const listed = context.pack("a.tar.gz");
    fs.chmodSync(listed.path, 0o666);
    const archives = { ...trusting, allowInsecureFiles: false };
    const { kind, code, text, remedy } = await problemOf(context, [listed], { archives });
    assert.equal([kind, code], ["untrusted", "E_INSECURE_FILE"]);
    assert.match(text, `the file ${listed.path} can be written by everybody`);
    assert.match(remedy, `chmod go-w ${listed.path}`);
    assert.match(remedy, "--allow-insecure-files");
    const [trusted] = archivesOf(await look(context, [listed])) ?? [];
    assert.ok(trusted?.found.ok);
  });
}

scan.run();
