import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { scanActual } from "../../../src/actual-state/scan-actual.ts";
import { depmodMark } from "../../../src/dkms/state-layout.ts";
import { depmod } from "../../../src/dkms/verbs/depmod.ts";
import { install } from "../../../src/dkms/verbs/install.ts";
import { uninstall } from "../../../src/dkms/verbs/uninstall.ts";
import { testNeeding } from "../../rig/test-needing.ts";
import { dkmsTree, type ModuleBuilder } from "../../rig/tree-builder.ts";

const owed = suite<{ tree: ModuleBuilder }>("what is owed to depmod");
const kernel = { release: "6.1.0-1", arch: "x86_64" };
const instance = { module: { name: "hello", version: "1.0" }, kernel };

owed.before.each((context) => {
  context.tree = dkmsTree().kernel(kernel.release).module("hello/1.0").built(kernel.release);
});
owed.after.each(({ tree }) => tree.remove());

async function owedBy(tree: ModuleBuilder): Promise<readonly unknown[]> {
  return (await scanActual(tree.host(), { sources: [], prospects: () => [] })).depmodOwed;
}

testNeeding(owed, ["kmod"], "an install owes depmod, and depmod settles it", async (_, { tree }) => {
  assert.ok((await install(tree.host(), instance)).ok);
  assert.equal(await owedBy(tree), [kernel]);
  assert.ok((await depmod(tree.host(), kernel)).ok);
  assert.equal(await owedBy(tree), []);
  assert.ok((await uninstall(tree.host(), instance)).ok);
  assert.equal(await owedBy(tree), [kernel]);
});

owed("what is taken back is owed too: a depmod that failed may have seen half of it", async ({ tree }) => {
  const done = await install(tree.host(), instance);
  assert.ok(done.ok);
  if (done.ok) done.value.undo.restore();
  assert.equal(await owedBy(tree), [kernel]);
});

testNeeding(owed, ["kmod"], "what is taken back after depmod has run owes it again", async (_, { tree }) => {
  const done = await install(tree.host(), instance);
  assert.ok((await depmod(tree.host(), kernel)).ok);
  if (done.ok) done.value.undo.restore();
  assert.equal(await owedBy(tree), [kernel]);
});

owed("what is taken back leaves what another owes, whichever came first", async ({ tree }) => {
  const other = { module: { name: "other", version: "1.0" }, kernel };
  tree.module("other/1.0").built(kernel.release);
  const done = await install(tree.host(), instance);
  await install(tree.host(), other);
  if (done.ok) done.value.undo.restore();
  assert.equal(await owedBy(tree), [kernel]);
});

const lists = `lib/modules/${kernel.release}/modules.dep`;

async function behind(tree: ModuleBuilder): Promise<readonly string[]> {
  const { depmodBehind } = await scanActual(tree.host(), { sources: [], prospects: () => [] });
  return [...depmodBehind].map(([address, file]) => `${address}: ${file}`);
}

const told = ["hello/1.0@6.1.0-1/x86_64: updates/dkms/hello.ko"];

testNeeding(
  owed,
  ["kmod"],
  "what modules.dep or its index does not name is seen, whoever is to blame",
  async (_, { tree }) => {
    await install(tree.host(), instance);
    assert.equal(await behind(tree), told);
    assert.ok((await depmod(tree.host(), kernel)).ok);
    assert.equal(await behind(tree), []);
    const places = [tree.at(lists), tree.at(`${lists}.bin`)];
    for (const place of places) {
      const sound = fs.readFileSync(place);
      fs.writeFileSync(place, "");
      assert.equal(await behind(tree), told, place);
      fs.writeFileSync(place, sound);
      assert.equal(await behind(tree), [], "it was written by somebody else, and names it");
    }
    fs.rmSync(tree.at(lists));
    assert.equal(await behind(tree), [], "depmod was never there");
  },
);

owed("what a depmod of ours has seen and left out is not asked for again, until it changes", async ({ tree }) => {
  await install(tree.host(), instance);
  const idle = { exitCode: 0, stdout: "", stderr: "", durationMs: 0, ending: "exited" } as const;
  assert.ok((await depmod({ ...tree.host(), run: async () => idle }, kernel)).ok);
  assert.equal(await behind(tree), []);
  const place = tree.at(`lib/modules/${kernel.release}/updates/dkms/hello.ko`);
  const record = tree.at(`var/lib/dkms/.dkms-agent/depmod-ran/${kernel.release}/${kernel.arch}`);
  fs.utimesSync(record, 1, 1);
  assert.ok(fs.existsSync(place));
  assert.equal(await behind(tree), told);
});

owed("a depmod that fails leaves it owed", async ({ tree }) => {
  await install(tree.host(), instance);
  const failing = { exitCode: 1, stdout: "", stderr: "", durationMs: 0, ending: "exited" } as const;
  const result = await depmod({ ...tree.host(), run: async () => failing }, kernel);
  assert.is(result.ok ? "" : result.error.code, "E_DEPMOD");
  assert.equal(await owedBy(tree), [kernel]);
});

owed("nothing is owed where depmod has never been", async ({ tree }) => {
  const host = tree.host();
  host.files.remove(tree.at("lib/modules/6.1.0-1/modules.dep"));
  assert.ok((await install(host, instance)).ok);
  assert.is(host.files.stat(depmodMark(host.paths, kernel)), undefined);
});

owed.run();
