import { createHash, randomBytes } from "node:crypto";
import fs from "node:fs";
import { gzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseBuildRecord } from "../../../src/dkms/build-record.ts";
import { statusLine } from "../../../src/dkms/status-line.ts";
import { readStatus } from "../../../src/dkms/status-lines.ts";
import type { LoadOptions, LoadRequest } from "../../../src/dkms/tarball/load-request.ts";
import { build } from "../../../src/dkms/verbs/build.ts";
import { install } from "../../../src/dkms/verbs/install.ts";
import { loadTarball } from "../../../src/dkms/verbs/load-tarball.ts";
import type { HostOptions } from "../../../src/host/create-host.ts";
import { fakeObject } from "../../rig/fake-object.ts";
import { filesFullAt } from "../../rig/interrupted-files.ts";
import { type ArchivedFile, tarArchive } from "../../rig/tar-archive.ts";
import { binariesOnlyFiles, demoConf, objectFiles, sourceFiles } from "../../rig/tarballs.ts";
import type { TreeBuilder } from "../../rig/tree-builder.ts";
import {
  expectDone,
  expectFailure,
  expectUndoable,
  expectUntouched,
  kernel,
  release,
  trees,
  verbWorld,
} from "../../rig/verb-world.ts";

const other = "6.1.0-2";
const demo = { name: "demo", version: "1.0" };
const both = [...objectFiles({ releases: [release, other] })];
const binaries = [...binariesOnlyFiles(), ...both];

interface Context {
  tree: TreeBuilder;
  load: (
    files: readonly ArchivedFile[] | Buffer,
    request?: Partial<LoadRequest>,
    options?: LoadOptions,
    host?: Omit<HostOptions, "root">,
  ) => ReturnType<typeof loadTarball>;
}

const load = suite<Context>("loadTarball");

load.before.each((context) => {
  const tree = verbWorld().kernel(other);
  context.tree = tree;
  context.load = (files, request, options, host) => {
    const file = tree.at("tmp/archive");
    fs.mkdirSync(tree.at("tmp"), { recursive: true });
    fs.writeFileSync(file, Buffer.isBuffer(files) ? files : gzipSync(tarArchive(files)));
    return loadTarball(tree.host(host), { file, ...request }, options);
  };
});
load.after.each(({ tree }) => tree.remove());

async function statusOf({ tree }: Context): Promise<string[]> {
  return (await readStatus(tree.host())).map(statusLine);
}

load("loads what mktarball has packed: source, link, every build, records that name the archive", async (context) => {
  const { tree } = context;
  await expectUndoable(tree, () => context.load([...sourceFiles(), ...both]));
  assert.equal(await statusOf(context), [`demo/1.0, ${release}, x86_64: built`, `demo/1.0, ${other}, x86_64: built`]);
  assert.is(fs.readlinkSync(tree.at("var/lib/dkms/demo/1.0/source")), "../../../../../usr/src/demo-1.0");
  assert.is(fs.readFileSync(tree.at("usr/src/demo-1.0/dkms.conf"), "utf8"), demoConf());
  const place = tree.at("var/lib/dkms/demo/1.0", other, "x86_64");
  assert.is(fs.readFileSync(`${place}/log/make.log`, "utf8"), `made for ${other}\n`);
  const record = parseBuildRecord(fs.readFileSync(`${place}/.dkms-agent-build.json`, "utf8"));
  const sha256 = createHash("sha256")
    .update(fs.readFileSync(tree.at("tmp/archive")))
    .digest("hex");
  assert.equal(record?.tarball, { sha256 });
  assert.equal(
    record?.objects.map(({ file }) => file),
    ["demo_a.ko", "demo_b.ko"],
  );
});

load("loads builds without source as the documentation promises", async (context) => {
  const { tree } = context;
  const failure = await expectUntouched(tree, "E_NO_SOURCE", () => context.load(binaries));
  assert.match(failure.remedy ?? "", "--force");
  assert.is(failure.dkmsExit, 8);
  await expectUndoable(tree, () => context.load(binaries, {}, { withoutSource: true }));
  assert.equal(fs.readdirSync(tree.at("usr/src/demo-1.0")), ["dkms.conf"]);
  assert.equal(await statusOf(context), [`demo/1.0, ${release}, x86_64: built`, `demo/1.0, ${other}, x86_64: built`]);
  for (const one of [release, other])
    assert.match(
      fs.readFileSync(tree.at(`var/lib/dkms/demo/1.0/${one}/x86_64/module/demo_a.ko`), "latin1"),
      `vermagic=${one} `,
    );
  expectDone(await install(tree.host(), { module: demo, kernel })).undo.commit();
  const refused = expectFailure(await build(tree.host(), { module: demo, kernel }, { replace: true }), "E_NO_SOURCE");
  assert.is(refused.dkmsExit, 8);
});

load("loads the same archive twice as if it were once, and says so", async (context) => {
  expectDone(await context.load(binaries, {}, { withoutSource: true })).undo.commit();
  const before = trees(context.tree);
  const again = expectDone(await context.load(binaries, {}, { onlyNew: true }));
  assert.is(again.changed, false);
  assert.match(again.notices.join(), "is loaded already: demo/1.0 for 6.1.0-1/x86_64, 6.1.0-2/x86_64");
  assert.equal(trees(context.tree), before);
});

load("keeps a source that is there, and replaces it only if it is asked to", async (context) => {
  const { tree } = context;
  const own = tree.write("usr/src/demo-1.0/dkms.conf", `${demoConf()}# mine\n`);
  const kept = expectDone(await context.load(sourceFiles()));
  assert.match(kept.notices.join(), "usr/src/demo-1.0 is there already");
  kept.undo.commit();
  assert.match(fs.readFileSync(own, "utf8"), "# mine");
  expectDone(await context.load(sourceFiles(), {}, { replaceSource: true })).undo.commit();
  assert.is(fs.readFileSync(own, "utf8"), demoConf());
  const refused = await expectUntouched(tree, "E_ALREADY_ADDED", () =>
    context.load(sourceFiles({ conf: "#\n" }), {}, { onlyNew: true }),
  );
  assert.is(refused.dkmsExit, 8);
});

load("never lets full source make way for a dkms.conf alone", async (context) => {
  context.tree.write("usr/src/demo-1.0/Makefile", "all:\n");
  context.tree.write("usr/src/demo-1.0/dkms.conf", demoConf());
  expectDone(
    await context.load(binaries, {}, { withoutSource: true, replaceSource: true, replace: true }),
  ).undo.commit();
  assert.equal(fs.readdirSync(context.tree.at("usr/src/demo-1.0")), ["Makefile", "dkms.conf"]);
});

load("leaves a build that is there, or replaces it so that it can be taken back", async (context) => {
  const { tree } = context;
  expectDone(await context.load([...sourceFiles(), ...objectFiles({ filling: "old" })])).undo.commit();
  const kept = expectDone(await context.load([...sourceFiles(), ...objectFiles({ filling: "new" })]));
  assert.is(kept.changed, false);
  assert.match(kept.notices.join(), "it stays");
  await expectUndoable(tree, () =>
    context.load([...sourceFiles(), ...objectFiles({ filling: "new" })], {}, { replace: true }),
  );
  assert.match(
    fs.readFileSync(tree.at(`var/lib/dkms/demo/1.0/${release}/x86_64/module/demo_a.ko`), "latin1"),
    "filling=new",
  );
});

load("loads only the kernels that are asked for, and fails for one that is not there", async (context) => {
  const { tree } = context;
  const unknown = [{ release: "6.1.0-3", arch: "x86_64" }];
  const failure = await expectUntouched(tree, "E_NO_BINARY", () =>
    context.load([...sourceFiles(), ...both], { kernels: unknown }),
  );
  assert.match(failure.message, "it holds: 6.1.0-1/x86_64, 6.1.0-2/x86_64");
  expectDone(await context.load([...sourceFiles(), ...both], { kernels: [kernel] })).undo.commit();
  assert.equal(await statusOf(context), [`demo/1.0, ${release}, x86_64: built`]);
});

load("asks for the digest and the module before anything is in its place", async (context) => {
  const { tree } = context;
  const files = [...sourceFiles(), ...both];
  await expectUntouched(tree, "E_DIGEST", () => context.load(files, { sha256: "0".repeat(64) }));
  await expectUntouched(tree, "E_TARBALL", () => context.load(files, { module: { name: "demo", version: "2.0" } }));
});

load("refuses a hard link to what belongs to a build that is not asked for", async (context) => {
  const symvers = (of: string) => `./dkms_main_tree/${of}/x86_64/module/Module.symvers`;
  const files = [
    ...sourceFiles(),
    ...both,
    { name: symvers(release), content: "0x1 x\n" },
    { name: symvers(other), type: "1", linkName: symvers(release) },
  ];
  const failure = await expectUntouched(context.tree, "E_TARBALL", () =>
    context.load(files, { kernels: [{ ...kernel, release: other }] }),
  );
  assert.match(failure.message, `a hard link to what is not unpacked: ${symvers(other).slice(2)} -> `);
  expectDone(await context.load(files)).undo.commit();
});

load("refuses objects that are not for the kernel that they lie under", async (context) => {
  const refused = (files: readonly ArchivedFile[]) =>
    expectUntouched(context.tree, "E_WRONG_KERNEL", () => context.load([...sourceFiles(), ...files]));
  const moved = (pattern: RegExp, to: string) =>
    objectFiles().map((file) => ({ ...file, name: String(file.name).replace(pattern, to) }));
  assert.match((await refused(moved(/6\.1\.0-1/, "6.1.0-2"))).message, "is made for 6.1.0-1, not for 6.1.0-2");
  assert.match((await refused(moved(/x86_64/, "aarch64"))).message, "is made for x86_64, not for aarch64");
  assert.match((await refused(moved(/demo_b/, "demo_c"))).message, "is the module demo_b under another name");
});

load("knows a module by the name that dkms.conf gives it", async (context) => {
  const conf =
    "PACKAGE_NAME=demo\nPACKAGE_VERSION=1.0\nBUILT_MODULE_NAME[0]=demo_a\nDEST_MODULE_NAME[0]=renamed\nDEST_MODULE_LOCATION[0]=/updates\n";
  const [log, object] = objectFiles({ objects: ["demo_a"] }).map((file) => ({
    ...file,
    name: String(file.name).replace("demo_a", "renamed"),
  }));
  const files = [{ name: "dkms_source_tree/dkms.conf", content: conf }, ...(log && object ? [log, object] : [])];
  assert.ok(expectDone(await context.load(files)).changed);
});

load("needs no bash: the build record of mktarball says where the objects go", async ({ tree, load }) => {
  const conf = 'if [ "$kernelver" ]; then AUTOINSTALL=yes; fi\n';
  const host = tree.host({ searchPath: tree.at("no-programs") });
  const object = fakeObject({ name: "demo_a", release, version: "1.0" });
  const recordWith = (destination: string) => {
    const sha256 = createHash("sha256").update(object).digest("hex");
    const objects = [{ file: "demo_a.ko", sha256, size: object.length, destination }];
    const record = { format: 1, module: demo, kernel, builtAt: "2026-01-01T00:00:00Z", durationMs: 1, objects };
    return [
      ...binariesOnlyFiles({ conf }),
      { name: `dkms_main_tree/${release}/x86_64/.dkms-agent-build.json`, content: JSON.stringify(record) },
      { name: `dkms_main_tree/${release}/x86_64/module/demo_a.ko`, content: object },
    ];
  };
  tree.write("etc/os-release", "ID=slackware\n");
  for (const [destination, codes] of [
    ["/extra/demo", []],
    ["/updates/../../../../etc", ["E_CONF_INVALID"]],
  ] as const) {
    const loaded = expectDone(await load(recordWith(destination), {}, { withoutSource: true }));
    const installed = await install(host, { module: demo, kernel });
    assert.equal(installed.ok ? [] : [installed.error.code], codes);
    assert.is(fs.existsSync(tree.at("lib/modules", release, "extra/demo/demo_a.ko")), installed.ok);
    if (installed.ok) installed.value.undo.restore();
    loaded.undo.restore();
  }
});

load("stops where it is asked to, and leaves nothing behind", async ({ tree, load }) => {
  const stop = new AbortController();
  const before = trees(tree);
  const files = [
    ...sourceFiles(),
    { name: "dkms_source_tree/large", content: Buffer.alloc(4 << 20, randomBytes(1 << 16)) },
  ];
  const onProgress = () => stop.abort("SIGINT");
  const result = await load(tarArchive(files), {}, { onProgress }, { signal: stop.signal });
  assert.is(expectFailure(result, "E_CANCELLED").code, "E_CANCELLED");
  assert.equal(trees(tree), before);
  assert.equal(fs.readdirSync(tree.at("var/lib/dkms/.dkms-agent")), []);
});

load("leaves nothing behind when the disk is full, whatever it was doing", async ({ tree, load }) => {
  const files = [...sourceFiles(), ...both];
  const counted = filesFullAt(0);
  const loaded = expectDone(await load(files, {}, {}, { files: counted.files }));
  const writes = counted.writes();
  assert.ok(writes > 10);
  loaded.undo.restore();
  const before = trees(tree);
  for (let number = 1; number <= writes; number += 3) {
    const result = await load(files, {}, {}, { files: filesFullAt(number).files });
    if (result.ok) result.value.undo.restore();
    else assert.is(result.error.code, "E_NO_SPACE", `write ${number}: ${result.error.message}`);
    assert.equal(trees(tree), before, `write ${number}`);
  }
});

load.run();
