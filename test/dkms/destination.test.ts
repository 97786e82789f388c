import { suite } from "uvu";
import * as assert from "uvu/assert";
import { destinationDirectory, readDistribution } from "../../src/dkms/destination.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";

const directory = suite("destinationDirectory");
const object = {
  builtName: "demo",
  builtLocation: "",
  destName: "demo",
  destLocation: "/kernel/drivers//net/",
  strip: true,
};

for (const [distribution, expected] of [
  ["debian", "/updates/dkms"],
  ["ubuntu", "/updates/dkms"],
  ["arch", "/updates/dkms"],
  ["fedora", "/extra"],
  ["rhel", "/extra"],
  ["rhel9", "/extra"],
  ["suse", "/updates"],
  ["opensuse", "/updates"],
  ["sles", "/updates"],
  ["gentoo", "/kernel/drivers/net"],
] as const) {
  directory(`is ${expected} on ${distribution}`, () => {
    assert.is(destinationDirectory(object, distribution), expected);
  });
}

directory("is ADDON_MODULES_DIR wherever that is set", () => {
  assert.is(destinationDirectory(object, "debian", "weak-updates"), "/weak-updates");
  assert.is(destinationDirectory(object, "debian", "/addons/"), "/addons");
  assert.is(destinationDirectory(object, "debian", ""), "/updates/dkms");
});

const distribution = suite<{ tree: TreeBuilder }>("readDistribution");
distribution.before.each((context) => {
  context.tree = dkmsTree();
});
distribution.after.each(({ tree }) => tree.remove());

for (const [release, expected] of [
  ["ID=debian\n", "debian"],
  ['ID=ubuntu\nID_LIKE="debian"\n', "ubuntu"],
  ["ID=linuxmint\nID_LIKE='ubuntu debian'\n", "ubuntu"],
  ['NAME="Rocky"\nID="rocky"\nID_LIKE="rhel centos fedora"\n', "rhel"],
  ['ID="opensuse-leap"\nID_LIKE="suse opensuse"', "suse"],
  ['ID=void\nID_LIKE=""\n', "void"],
  ["", "unknown"],
] as const) {
  distribution(`is ${expected} for ${JSON.stringify(release)}`, ({ tree }) => {
    tree.write("etc/os-release", release);
    assert.is(readDistribution(tree.host()), expected);
  });
}

directory.run();
distribution.run();
