import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sourceOverlap } from "../../src/dkms/source-overlap.ts";
import { add } from "../../src/dkms/verbs/add.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";
import { treeListing } from "../rig/tree-listing.ts";

const overlap = suite<{ tree: TreeBuilder }>("sourceOverlap");
const module = { name: "hello", version: "1.0" };

overlap.before.each((context) => {
  context.tree = dkmsTree();
  context.tree.module("hello/1.0", { source: { "sub/dkms.conf": "PACKAGE_NAME=hello\nPACKAGE_VERSION=1.0\n" } });
  context.tree.link("usr/src/hello-1.0/sub", "lnk");
});
overlap.after.each(({ tree }) => tree.remove());

overlap("a source within its own place, around the source tree, or there by a link", ({ tree }) => {
  const overlaps = (place: string) => sourceOverlap(tree.host(), module, tree.at(place)) !== undefined;
  assert.ok(overlaps("usr/src/hello-1.0/sub"));
  assert.ok(overlaps("usr/src"));
  assert.ok(overlaps("usr"));
  assert.ok(overlaps("lnk"));
});

overlap("the place itself, a neighbour and a place elsewhere are fine", ({ tree }) => {
  const overlaps = (place: string) => sourceOverlap(tree.host(), module, tree.at(place)) !== undefined;
  assert.not(overlaps("usr/src/hello-1.0"));
  assert.not(overlaps("usr/src/hello-1.0-beta"));
  assert.not(overlaps("srv/hello"));
});

overlap("add refuses it before anything is moved", async ({ tree }) => {
  const before = treeListing(tree.root);
  for (const source of ["usr/src/hello-1.0/sub", "usr/src"]) {
    tree.write("usr/src/dkms.conf", "");
    const result = await add(tree.host(), { module, source: tree.at(source) });
    assert.is(result.ok ? "" : result.error.code, "E_NO_SOURCE");
    tree.host().files.remove(tree.at("usr/src/dkms.conf"));
    assert.equal(treeListing(tree.root), before);
  }
});

overlap.run();
