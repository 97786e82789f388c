import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseBuildRecord } from "../../../src/dkms/build-record.ts";
import { add } from "../../../src/dkms/verbs/add.ts";
import { build } from "../../../src/dkms/verbs/build.ts";
import { install } from "../../../src/dkms/verbs/install.ts";
import { uninstall } from "../../../src/dkms/verbs/uninstall.ts";
import { localFiles } from "../../../src/host/local-files.ts";
import { fakeObject } from "../../rig/fake-object.ts";
import { testNeeding } from "../../rig/test-needing.ts";
import type { TreeBuilder } from "../../rig/tree-builder.ts";
import { filesBelow } from "../../rig/tree-listing.ts";
import { demo, expectDone, expectUndoable, release, verbWorld, writeSource } from "../../rig/verb-world.ts";

const superseding = suite<{ tree: TreeBuilder }>("findSuperseded");
const instance = demo();
const record = `var/lib/dkms/demo/1.0/${release}/x86_64/.dkms-agent-build.json`;
const modules = `lib/modules/${release}`;
type Directives = Readonly<Record<string, string>>;

superseding.before.each((context) => {
  context.tree = verbWorld();
});
superseding.after.each(({ tree }) => tree.remove());

/** The compiler is looked for although nothing is compiled. */
function rebuilding(title: string, run: (tree: TreeBuilder) => Promise<void>): void {
  testNeeding(superseding, ["gcc", "make"], title, (_, { tree }) => run(tree));
}

/** demo_a and demo_b, installed. */
async function installed(tree: TreeBuilder): Promise<void> {
  writeSource(tree);
  expectDone(await add(tree.host(), { module: instance.module })).undo.commit();
  await rebuilt(tree);
  await installAgain(tree);
}

async function rebuilt(tree: TreeBuilder, directives: Directives = {}): Promise<void> {
  expectDone(await build(tree.host(), instance, { replace: true, directives })).undo.commit();
}

/** Asked for twice: the second time there is nothing left to do. */
async function installAgain(tree: TreeBuilder, directives: Directives = {}): Promise<void> {
  assert.ok(expectDone(await install(tree.host(), instance, { directives })).changed);
  assert.not.ok(expectDone(await install(tree.host(), instance, { directives })).changed);
}

function objects(tree: TreeBuilder): string[] {
  return filesBelow(tree.at(modules)).filter((file) => /\.ko/.test(file) && !file.endsWith("/own.ko"));
}

function recorded(tree: TreeBuilder): readonly string[] | undefined {
  return parseBuildRecord(fs.readFileSync(tree.at(record), "utf8"))?.superseded?.map(({ file }) => file);
}

rebuilding("lets an install take away what the new build does not make any more", async (tree) => {
  await installed(tree);
  writeSource(tree, { objects: ["demo_a"] });
  await rebuilt(tree);
  assert.equal(recorded(tree), ["demo_b.ko"]);
  await expectUndoable(tree, () => install(tree.host(), instance));
  assert.equal(objects(tree), ["updates/dkms/demo_a.ko"]);
});

rebuilding("lets an uninstall take it away, several builds later too", async (tree) => {
  await installed(tree);
  writeSource(tree, { objects: ["demo_a"] });
  await rebuilt(tree);
  writeSource(tree, { objects: ["demo_c"] });
  await rebuilt(tree);
  assert.equal(recorded(tree), ["demo_a.ko", "demo_b.ko"]);
  await expectUndoable(tree, () => uninstall(tree.host(), instance));
  assert.equal(objects(tree), []);
});

rebuilding("forgets it once it is gone", async (tree) => {
  await installed(tree);
  writeSource(tree, { objects: ["demo_a"] });
  await rebuilt(tree);
  await installAgain(tree);
  await rebuilt(tree);
  assert.is(recorded(tree), undefined);
});

rebuilding("remembers nothing of a build that was never installed", async (tree) => {
  await installed(tree);
  expectDone(await uninstall(tree.host(), instance)).undo.commit();
  writeSource(tree, { objects: ["demo_a"] });
  await rebuilt(tree);
  assert.is(recorded(tree), undefined);
});

rebuilding("goes by module/ where dell/dkms made the build, POST_BUILD or not", async (tree) => {
  await installed(tree);
  fs.rmSync(tree.at(record));
  writeSource(tree, { objects: ["demo_a"], conf: "POST_BUILD=x.sh\n", scripts: { "x.sh": "#!/bin/sh\n" } });
  await rebuilt(tree);
  await installAgain(tree);
  assert.equal(objects(tree), ["updates/dkms/demo_a.ko"]);
});

rebuilding("knows the module's own object though somebody changed it after the install", async (tree) => {
  await installed(tree);
  fs.appendFileSync(tree.at(modules, "updates/dkms/demo_b.ko"), "x");
  writeSource(tree, { objects: ["demo_a"] });
  await rebuilt(tree);
  await installAgain(tree);
  assert.equal(objects(tree), ["updates/dkms/demo_a.ko"]);
});

rebuilding("leaves alone what somebody else has put there since", async (tree) => {
  await installed(tree);
  writeSource(tree, { objects: ["demo_a"], filling: "newer" });
  await rebuilt(tree);
  tree.write(`${modules}/updates/dkms/demo_b.ko`, "another module's");
  await installAgain(tree);
  assert.equal(objects(tree), ["updates/dkms/demo_a.ko", "updates/dkms/demo_b.ko"]);
  expectDone(await uninstall(tree.host(), instance)).undo.commit();
  assert.equal(objects(tree), ["updates/dkms/demo_b.ko"]);
});

rebuilding("follows a directive that gives an object another name", async (tree) => {
  const directives = { "DEST_MODULE_NAME[1]": "demo_z" };
  await installed(tree);
  await rebuilt(tree, directives);
  await installAgain(tree, directives);
  assert.equal(objects(tree), ["updates/dkms/demo_a.ko", "updates/dkms/demo_z.ko"]);
});

rebuilding("follows a directive that sends an object elsewhere, whether its content changes or not", async (tree) => {
  tree.write("etc/os-release", "ID=other\n");
  await installed(tree);
  const elsewhere = { "DEST_MODULE_LOCATION[1]": "/extra" };
  await rebuilt(tree, elsewhere);
  await installAgain(tree, elsewhere);
  assert.equal(objects(tree), ["extra/demo_b.ko", "updates/demo_a.ko"]);
  writeSource(tree, { filling: "newer" });
  await rebuilt(tree);
  await installAgain(tree);
  assert.equal(objects(tree), ["updates/demo_a.ko", "updates/demo_b.ko"]);
  assert.not.ok(fs.existsSync(tree.at("var/lib/dkms/demo/original_module")), "its own object is nobody's original");
});

rebuilding("says of which content the old object is", async (tree) => {
  await installed(tree);
  const sha256 = localFiles.sha256(tree.at(modules, "updates/dkms/demo_b.ko"));
  tree.write(`${modules}/extra/demo_b.ko`, fakeObject({ name: "demo_b", release, filling: "foreign" }));
  writeSource(tree, { objects: ["demo_a"] });
  await rebuilt(tree);
  const text = fs.readFileSync(tree.at(record), "utf8");
  assert.equal(parseBuildRecord(text)?.superseded, [{ file: "demo_b.ko", sha256, directory: "updates/dkms" }]);
});

superseding.run();
