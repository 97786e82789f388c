import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { inspectInstalled, inspectionBasis } from "../../src/actual-state/inspect-installed.ts";
import { scanActual } from "../../src/actual-state/scan-actual.ts";
import { unknownObjects } from "../../src/dkms/known-objects.ts";
import type { Host } from "../../src/host/host.ts";
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

const inspection = suite<{ tree: TreeBuilder }>("inspectInstalled");
inspection.before.each((context) => {
  context.tree = signingWorld();
});
inspection.after.each(({ tree }) => tree.remove());

inspection("tells once that depmod has never been there, and what runs it for this root", async ({ tree }) => {
  tree.module("hello/1.0", { objects: ["one", "two"] }).installed(release);
  fs.rmSync(tree.at(`lib/modules/${release}/modules.dep`));
  const problemsOf = async (host: Host) => {
    const { modules, kernels } = await scanActual(host, { sources: [], prospects: () => [] });
    const [state] = modules[0]?.instances ?? [];
    assert.ok(state);
    assert.is(state.objects.length, 2);
    const instances = [{ id: { module: { name: "hello", version: "1.0" }, kernel: state.kernel }, state }];
    const asked = { kernels, signing: { policy: "off" }, instances, objects: unknownObjects(host) } as const;
    const [problems = []] = [...(await inspectInstalled(host, asked)).values()];
    return problems.map(({ reason, remedy }) => `${reason}: ${remedy}`);
  };
  const host = tree.host();
  assert.equal(await problemsOf(host), [`no-modules-dep: depmod -a -b ${tree.root} ${release}`]);
  fs.symlinkSync("lib/modules", tree.at("elsewhere"));
  const elsewhere = { ...host, paths: { ...host.paths, installTree: tree.at("elsewhere") } };
  assert.equal(await problemsOf(elsewhere), [`no-modules-dep: depmod -a -b ${host.paths.state}/depmod ${release}`]);
});

inspection.run();
