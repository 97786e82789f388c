import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelNameOf } from "../../src/dkms/loaded-name.ts";
import { readModuleList } from "../../src/dkms/module-list.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";
import { kernelId } from "../rig/world-ids.ts";

const release = "6.1.0-1";
const list = suite<{ tree: TreeBuilder }>("readModuleList");
list.before.each((context) => {
  context.tree = dkmsTree();
});
list.after.each(({ tree }) => tree.remove());

const read = (tree: TreeBuilder) => readModuleList(tree.host(), kernelId(release));

list("what an object needs, by the whole of its name", ({ tree }) => {
  const lines = [
    "kernel/a.ko: kernel/b.ko kernel/c.ko",
    "updates/a.ko:",
    "updates/bad-a.ko: x.ko",
    "/srv/d.ko.xz: kernel/b.ko",
  ];
  for (const end of ["\n", ""]) {
    tree.write(`lib/modules/${release}/modules.dep`, lines.join("\n") + end);
    const needs = read(tree)?.needs;
    assert.equal(needs?.("kernel/a.ko"), ["kernel/b.ko", "kernel/c.ko"]);
    assert.equal(needs?.("updates/a.ko"), []);
    assert.equal(needs?.("/srv/d.ko.xz"), ["kernel/b.ko"]);
    for (const absent of ["a.ko", "kernel/b.ko", "kernel/a.ko.xz", "", "x.ko"])
      assert.is(needs?.(absent), undefined, absent);
  }
});

list("nothing without modules.dep; without the index nothing is indexed", ({ tree }) => {
  assert.is(read(tree), undefined);
  tree.write(`lib/modules/${release}/modules.dep`, "");
  assert.is(read(tree)?.isIndexed("updates/a.ko"), false);
  tree.write(`lib/modules/${release}/modules.dep.bin`, Buffer.from("\0\x01updates/a.ko: b\0"));
  assert.is(read(tree)?.isIndexed("updates/a.ko"), true);
  assert.is(read(tree)?.isIndexed("updates/a"), false);
});

list("what is built in, whichever of hyphen and underscore is written", ({ tree }) => {
  tree.write(`lib/modules/${release}/modules.dep`, "");
  assert.is(read(tree)?.isBuiltIn("video_core"), false);
  tree.write(`lib/modules/${release}/modules.builtin`, "kernel/drivers/video-core.ko\n");
  assert.is(read(tree)?.isBuiltIn("video_core"), true);
  assert.is(kernelNameOf("kernel/drivers/video-core.ko.zst"), "video_core");
});
list.run();
