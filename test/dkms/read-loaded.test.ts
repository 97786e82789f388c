import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readLoaded } from "../../src/dkms/read-loaded.ts";
import { filesRefusing } from "../rig/failing-files.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";

const loaded = suite<{ tree: TreeBuilder }>("readLoaded");
const machine = { arch: "x86_64", runningKernel: "6.1.0-1" };
/** As the kernel of an x86 machine shows it: two sizes, type 3, "GNU\\0", the id. */
const note = Buffer.concat([
  Buffer.from([4, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0]),
  Buffer.from("GNU\0\x0a\xbc\xff", "latin1"),
]);

loaded.before.each((context) => {
  context.tree = dkmsTree();
  const { write } = context.tree;
  write("sys/module/v4l2loopback/initstate", "live\n");
  write("sys/module/v4l2loopback/srcversion", "ABC123\n");
  write("sys/module/v4l2loopback/notes/.note.gnu.build-id", note);
  write("sys/module/plain/initstate", "live\n");
  write("sys/module/printk/parameters/time", "Y\n");
});
loaded.after.each(({ tree }) => tree.remove());

loaded("names what is loaded, with what tells builds apart, and leaves out what is built in", ({ tree }) => {
  assert.equal(
    [...readLoaded(tree.host({ machine }))],
    [
      ["plain", { srcversion: undefined, buildId: undefined }],
      ["v4l2loopback", { srcversion: "ABC123", buildId: "0abcff" }],
    ],
  );
});

loaded("goes without the build id where only root may read it", ({ tree }) => {
  const host = tree.host({
    machine,
    files: filesRefusing(tree.at("sys/module/v4l2loopback/notes/.note.gnu.build-id")),
  });
  assert.equal(readLoaded(host).get("v4l2loopback"), { srcversion: "ABC123", buildId: undefined });
});

loaded("finds nothing where no kernel runs, and without /sys", ({ tree }) => {
  assert.is(readLoaded(tree.host()).size, 0);
  assert.is(readLoaded(dkmsTree(tree.at("elsewhere")).host({ machine })).size, 0);
});
loaded.run();
