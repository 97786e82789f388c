import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { add } from "../../../src/dkms/verbs/add.ts";
import { localFiles } from "../../../src/host/local-files.ts";
import type { TreeBuilder } from "../../rig/tree-builder.ts";
import { filesBelow } from "../../rig/tree-listing.ts";
import {
  demo,
  expectDone,
  expectFailure,
  expectUndoable,
  expectUntouched,
  expectUntouchedWhenFull,
  trees,
  verbWorld,
  writeSource,
} from "../../rig/verb-world.ts";

const adding = suite<{ tree: TreeBuilder }>("add");
const { module } = demo();

adding.before.each((context) => {
  context.tree = verbWorld();
});
adding.after.each(({ tree }) => tree.remove());

adding("links a source that is in the source tree, and can take it back", async ({ tree }) => {
  writeSource(tree);
  const host = tree.host();
  await expectUndoable(tree, () => add(host, { module }));
  assert.equal(filesBelow(tree.at("var/lib/dkms")), ["demo/1.0/source"]);
  assert.is(fs.realpathSync(tree.at("var/lib/dkms/demo/1.0/source")), fs.realpathSync(tree.at("usr/src/demo-1.0")));
});

adding("does nothing the second time", async ({ tree }) => {
  writeSource(tree);
  const host = tree.host();
  expectDone(await add(host, { module })).undo.commit();
  const before = trees(tree);
  assert.is(expectDone(await add(host, { module })).changed, false);
  assert.equal(trees(tree), before);
});

adding("makes a link that leads to the same place from inside the root", async ({ tree }) => {
  writeSource(tree);
  expectDone(await add(tree.host(), { module }));
  assert.is(fs.readlinkSync(tree.at("var/lib/dkms/demo/1.0/source")), "../../../../../usr/src/demo-1.0");
});

adding("makes the link absolute on the machine itself, as dell/dkms does", async ({ tree }) => {
  writeSource(tree);
  const { dkmsTree, sourceTree, installTree } = tree.host().paths;
  const host = { ...tree.host(), root: "/", paths: { ...tree.host().paths, dkmsTree, sourceTree, installTree } };
  expectDone(await add(host, { module }));
  assert.is(fs.readlinkSync(tree.at("var/lib/dkms/demo/1.0/source")), tree.at("usr/src/demo-1.0"));
});

adding("copies a source from elsewhere, without its repository and without others' rights", async ({ tree }) => {
  const source = writeSource(tree, { directory: "srv/demo" });
  tree.write("srv/demo/.git/HEAD", "ref");
  tree.link("dkms.conf", "srv/demo/link");
  fs.chmodSync(tree.at("srv/demo/dkms.conf"), 0o666);
  await expectUndoable(tree, () => add(tree.host(), { module, source }));
  assert.equal(
    filesBelow(tree.at("usr/src")).filter((file) => file.startsWith("demo")),
    ["demo-1.0/dkms.conf", "demo-1.0/link", "demo-1.0/made/demo_a.ko", "demo-1.0/made/demo_b.ko"],
  );
  assert.is(fs.statSync(tree.at("usr/src/demo-1.0/dkms.conf")).mode & 0o777, 0o644);
});

adding("leaves a copy of the same content alone", async ({ tree }) => {
  const source = writeSource(tree, { directory: "srv/demo" });
  expectDone(await add(tree.host(), { module, source })).undo.commit();
  assert.is(expectDone(await add(tree.host(), { module, source })).changed, false);
});

adding("replaces a copy of other content, and can bring the old one back", async ({ tree }) => {
  const source = writeSource(tree, { directory: "srv/demo" });
  writeSource(tree, { filling: "old" });
  tree.write("usr/src/demo-1.0/only-here", "");
  await expectUndoable(tree, () => add(tree.host(), { module, source }));
  assert.not.ok(fs.existsSync(tree.at("usr/src/demo-1.0/only-here")));
});

adding("mends a dangling link", async ({ tree }) => {
  tree.link("/nowhere/at/all", "var/lib/dkms/demo/1.0/source");
  writeSource(tree);
  await expectUndoable(tree, () => add(tree.host(), { module }));
  assert.ok(fs.existsSync(tree.at("var/lib/dkms/demo/1.0/source/dkms.conf")));
});

adding("runs POST_ADD in the source directory", async ({ tree }) => {
  writeSource(tree, { conf: 'POST_ADD="post.sh a b"\n', scripts: { "post.sh": '#!/bin/sh\necho "$# $PWD" > ran\n' } });
  expectDone(await add(tree.host(), { module }));
  assert.is(fs.readFileSync(tree.at("usr/src/demo-1.0/ran"), "utf8"), `2 ${tree.at("var/lib/dkms/demo/1.0/source")}\n`);
});

adding("tells of a POST_ADD that fails, and goes on", async ({ tree }) => {
  writeSource(tree, { conf: "POST_ADD=post.sh\n", scripts: { "post.sh": "echo sorry >&2; exit 3\n" } });
  const { notices } = expectDone(await add(tree.host(), { module }));
  assert.match(notices.join(), /POST_ADD failed with exit code 3.*sorry/);
});

adding("says where it looked when there is no source", async ({ tree }) => {
  const failure = await expectUntouched(tree, "E_NO_SOURCE", () => add(tree.host(), { module }));
  assert.is(failure.path, tree.at("usr/src/demo-1.0"));
  assert.is(failure.dkmsExit, 2);
  const source = tree.at("srv/none");
  assert.is((await expectUntouched(tree, "E_NO_SOURCE", () => add(tree.host(), { module, source }))).dkmsExit, 2);
});

adding("refuses a directory without dkms.conf", async ({ tree }) => {
  tree.write("usr/src/demo-1.0/README", "");
  tree.write("srv/demo/README", "");
  const source = tree.at("srv/demo");
  assert.is((await expectUntouched(tree, "E_CONF_MISSING", () => add(tree.host(), { module }))).dkmsExit, 4);
  assert.is((await expectUntouched(tree, "E_CONF_MISSING", () => add(tree.host(), { module, source }))).dkmsExit, 9);
});

adding("refuses a dkms.conf of another module, and leaves no copy of it", async ({ tree }) => {
  const source = writeSource(tree, { version: "2.0", directory: "srv/demo" });
  const failure = await expectUntouched(tree, "E_CONF_INVALID", () => add(tree.host(), { module, source }));
  assert.match(failure.message, `${source}/dkms.conf is that of demo/2.0, not of demo/1.0`);
  assert.match(failure.remedy ?? "", "Write name demo and version 2.0 instead");
});

adding("takes no copy of a source that changes while it is copied", async ({ tree }) => {
  const source = writeSource(tree, { directory: "srv/demo" });
  const makeDirectory = (directory: string) => {
    localFiles.makeDirectory(directory);
    if (directory.includes("/usr/src/.dkms-agent-")) tree.write("srv/demo/made/later", "");
  };
  const host = tree.host({ files: { ...localFiles, makeDirectory } });
  expectFailure(await add(host, { module, source }), "E_PRECONDITION");
  assert.not.ok(fs.existsSync(tree.at("usr/src/demo-1.0")));
  expectDone(await add(tree.host(), { module, source })).undo.commit();
});

adding("leaves everything as it was when the disk is full at any moment", async ({ tree }) => {
  const source = writeSource(tree, { directory: "srv/demo" });
  writeSource(tree, { filling: "old" });
  await expectUntouchedWhenFull(tree, 10, (host) => add(host, { module, source }));
});

adding.run();
