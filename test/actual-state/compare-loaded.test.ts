import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { InstanceState } from "../../src/actual-state/actual-state.ts";
import { compareLoaded, type LoadedVerdict } from "../../src/actual-state/compare-loaded.ts";
import type { LoadedObject } from "../../src/dkms/read-loaded.ts";
import { fakeObject } from "../rig/fake-object.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";
import { kernelId, moduleId } from "../rig/world-ids.ts";
import { toInstance } from "../rig/world-instance.ts";

const release = "6.1.0-1";
const id = moduleId("evdi-x/1.0");
const compared = suite<{ tree: TreeBuilder }>("compareLoaded");

compared.before.each((context) => {
  context.tree = dkmsTree();
});
compared.after.each(({ tree }) => tree.remove());

interface Case {
  readonly level?: InstanceState["level"];
  /** Of the object that is here. */
  readonly srcversion?: string | undefined;
  /** What the kernel has; `undefined`: nothing. */
  readonly running?: LoadedObject | undefined;
}

async function verdict(tree: TreeBuilder, { level = "installed", srcversion = "ABC", running }: Case) {
  const file = `lib/modules/${release}/updates/dkms/evdi-x.ko`;
  const bytes = fakeObject({ name: "evdi_x", release, ...(srcversion === "" ? {} : { srcversion }) });
  tree.write(file, bytes);
  tree.write(`var/lib/dkms/evdi-x/1.0/${release}/x86_64/module/evdi-x.ko`, bytes);
  const instance = toInstance({ module: id, kernel: kernelId(release) }, { level });
  const objects = instance.objects.map((one) => ({
    ...one,
    installed: level === "installed" ? { path: tree.at(file), sha256: "1" } : undefined,
  }));
  const module = { id, link: "linked", instances: [{ ...instance, objects }], displaced: [], leftovers: [] } as const;
  const loaded = new Map(running ? [["evdi_x", running]] : []);
  const verdicts = await compareLoaded(tree.host(), { modules: [module], runningKernel: release, loaded });
  return [...verdicts.values()];
}

compared("the very object, another one, one that cannot be told, and none", async ({ tree }) => {
  const cases: readonly (readonly [Case, LoadedVerdict])[] = [
    [{ running: { srcversion: "ABC", buildId: undefined } }, "current"],
    [{ running: { srcversion: "XYZ", buildId: undefined } }, "other"],
    [{ running: { srcversion: undefined, buildId: "0a" } }, "unknown"],
    [{ srcversion: "", running: { srcversion: "ABC", buildId: undefined } }, "unknown"],
    [{ running: undefined }, "no"],
  ];
  for (const [given, expected] of cases) assert.equal(await verdict(tree, given), [expected], expected);
});

compared("a build that is not installed is loaded only if it is this one", async ({ tree }) => {
  const running = (srcversion: string) => ({ srcversion, buildId: undefined });
  assert.equal(await verdict(tree, { level: "built", running: running("ABC") }), ["current"]);
  assert.equal(await verdict(tree, { level: "built", running: running("XYZ") }), ["no"]);
});

compared("says nothing of kernels that do not run", async ({ tree }) => {
  const module = { id, link: "linked", displaced: [], leftovers: [] } as const;
  const instances = [toInstance({ module: id, kernel: kernelId("other") }, { level: "installed" })];
  const actual = { modules: [{ ...module, instances }], runningKernel: release, loaded: new Map() };
  assert.is((await compareLoaded(tree.host(), actual)).size, 0);
});
compared.run();
