import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readMachineId } from "../../src/dkms/machine-id.ts";
import { filesRefusing } from "../rig/failing-files.ts";
import { dkmsTree } from "../rig/tree-builder.ts";

const machine = suite("readMachineId");
const id = "0123456789abcdef0123456789abcdef";

machine("is the root's own, and unknown where there is none, none yet, or none to be read", () => {
  const tree = dkmsTree();
  assert.is(readMachineId(tree.host()), undefined);
  const file = tree.write("etc/machine-id", "uninitialized\n");
  assert.is(readMachineId(tree.host()), undefined);
  tree.write("etc/machine-id", `${id}\n`);
  assert.is(readMachineId(tree.host()), id);
  assert.is(readMachineId(tree.host({ files: filesRefusing(file) })), undefined);
  tree.remove();
});
machine.run();
