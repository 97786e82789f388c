import { suite } from "uvu";
import * as assert from "uvu/assert";
import { inspectionBasis } from "../../src/actual-state/inspect-installed.ts";
import { kernelOf, release, signingWorld } from "../rig/signing-world.ts";
import type { TreeBuilder } from "../rig/tree-builder.ts";

const basis = suite<{ tree: TreeBuilder }>("inspectionBasis");
basis.before.each((context) => {
  context.tree = signingWorld();
});
basis.after.each(({ tree }) => tree.remove());

const config = `usr/src/linux-headers-${release}/include/config/auto.conf`;

basis(
  "is another one where a certificate, the kernel's configuration or its lists of modules are",
  async ({ tree }) => {
    const pair = { key: "/keys/a.key", certificate: "/keys/a.pem" };
    const signing = { policy: "optional", pair } as const;
    const asked = async () =>
      JSON.stringify(await inspectionBasis(tree.host(), { kernels: [kernelOf(tree)], signing }));
    const seen = [await asked()];
    for (const [place, text] of [
      [config, "CONFIG_MODULE_SIG_FORCE=y\n"],
      ["keys/a.pem", "one"],
      ["keys/a.pem", "two"],
      [`lib/modules/${release}/modules.dep`, "updates/dkms/demo.ko:\n"],
    ] as const) {
      assert.is(await asked(), seen.at(-1), "as long as nothing has changed");
      tree.write(place, text);
      seen.push(await asked());
    }
    assert.is(new Set(seen).size, seen.length);
  },
);

basis.run();
