import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadTarball } from "../../../src/dkms/verbs/load-tarball.ts";
import { remove } from "../../../src/dkms/verbs/remove.ts";
import { type ArchivedFile, tarArchive } from "../../rig/tar-archive.ts";
import { binariesOnlyFiles, objectFiles, sourceFiles } from "../../rig/tarballs.ts";
import type { TreeBuilder } from "../../rig/tree-builder.ts";
import { demo, expectDone, expectUndoable, expectUntouched, release, verbWorld } from "../../rig/verb-world.ts";

const removing = suite<{ tree: TreeBuilder }>("remove");
const { module } = demo();
const originals = "var/lib/dkms/demo/original_module";

removing.before.each((context) => {
  context.tree = verbWorld();
});
removing.after.each(({ tree }) => tree.remove());

removing("forgets the module, keeps its source, and can take it back", async ({ tree }) => {
  tree.module("demo/1.0");
  await expectUndoable(tree, () => remove(tree.host(), { module }));
  assert.equal(fs.readdirSync(tree.at("var/lib/dkms")), []);
  assert.ok(fs.existsSync(tree.at("usr/src/demo-1.0/dkms.conf")));
});

removing("takes the dkms.conf with it that an archive of binaries brought, and brings it back", async ({ tree }) => {
  await loadArchive(tree, [...binariesOnlyFiles(), ...objectFiles()]);
  await expectUndoable(tree, () => remove(tree.host(), { module }));
  assert.not.ok(fs.existsSync(tree.at("usr/src/demo-1.0")));
});

removing(
  "leaves such a dkms.conf that somebody has changed or added to, and source from an archive",
  async ({ tree }) => {
    const conf = tree.at("usr/src/demo-1.0/dkms.conf");
    const changes = [() => fs.appendFileSync(conf, "# mine\n"), () => tree.write("usr/src/demo-1.0/mine", "")];
    for (const change of changes) {
      await loadArchive(tree, [...binariesOnlyFiles(), ...objectFiles()]);
      change();
      expectDone(await remove(tree.host(), { module })).undo.commit();
      assert.ok(fs.existsSync(conf));
      fs.rmSync(tree.at("usr/src/demo-1.0"), { recursive: true });
    }
    await loadArchive(tree, sourceFiles());
    expectDone(await remove(tree.host(), { module })).undo.commit();
    assert.ok(fs.existsSync(conf));
  },
);

async function loadArchive(tree: TreeBuilder, files: readonly ArchivedFile[]): Promise<void> {
  const file = tree.write("tmp/archive", tarArchive(files));
  expectDone(await loadTarball(tree.host(), { file, kernels: [] }, { withoutSource: true })).undo.commit();
}

removing("leaves other versions", async ({ tree }) => {
  tree.module("demo/1.0").module("demo/2.0").installed(release);
  expectDone(await remove(tree.host(), { module })).undo.commit();
  assert.equal(fs.readdirSync(tree.at("var/lib/dkms/demo")).sort(), ["2.0", `kernel-${release}-x86_64`]);
});

removing("takes links to builds that are gone with it", async ({ tree }) => {
  tree.module("demo/1.0").installed(release);
  fs.rmSync(tree.at("var/lib/dkms/demo/1.0", release), { recursive: true });
  await expectUndoable(tree, () => remove(tree.host(), { module }));
  assert.equal(fs.readdirSync(tree.at("var/lib/dkms")), []);
});

removing("removes a broken module too", async ({ tree }) => {
  tree.module("demo/1.0", { link: "dangling" });
  await expectUndoable(tree, () => remove(tree.host(), { module }));
});

removing("drops originals of kernels that are gone", async ({ tree }) => {
  tree.module("demo/1.0").write(`${originals}/5.0.0-1/x86_64/demo.ko`, "own");
  await expectUndoable(tree, () => remove(tree.host(), { module }));
  assert.equal(fs.readdirSync(tree.at("var/lib/dkms")), []);
});

removing("keeps originals of a kernel that is there, and says so", async ({ tree }) => {
  tree.module("demo/1.0").write(`${originals}/${release}/x86_64/demo.ko`, "own");
  const { notices } = await expectUndoable(tree, () => remove(tree.host(), { module }));
  assert.match(notices.join(), /keeps kernel objects that were never put back/);
  assert.ok(fs.existsSync(tree.at(originals, release, "x86_64/demo.ko")));
});

removing("drops originals that were put back", async ({ tree }) => {
  tree.module("demo/1.0").write(`${originals}/${release}/x86_64/demo.ko`, "own");
  tree.write(`${originals}/${release}/x86_64/demo.ko.origin`, `/lib/modules/${release}/kernel/demo.ko\n`);
  tree.write(`lib/modules/${release}/kernel/demo.ko`, "own");
  await expectUndoable(tree, () => remove(tree.host(), { module }));
  assert.equal(fs.readdirSync(tree.at("var/lib/dkms")), []);
});

removing("refuses a module that is built", async ({ tree }) => {
  tree.module("demo/1.0").built(release);
  const failure = await expectUntouched(tree, "E_PRECONDITION", () => remove(tree.host(), { module }));
  assert.match(failure.message, /demo\/1\.0@6\.1\.0-1\/x86_64/);
});

removing("refuses a module that is not in the tree", async ({ tree }) => {
  const failure = await expectUntouched(tree, "E_NOT_IN_TREE", () => remove(tree.host(), { module }));
  assert.match(failure.remedy ?? "", /^dkms-agent dkms status tells what is there/);
  assert.is(failure.dkmsExit, 3);
});

removing.run();
