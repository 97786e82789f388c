import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { LoadedVerdict } from "../../src/actual-state/compare-loaded.ts";
import { instanceAddress } from "../../src/dkms/id.ts";
import { rebootNeed } from "../../src/plan/reboot-need.ts";
import { noFilter, type PlanFilter } from "../../src/plan/resolve-wanted.ts";
import { actualState, desiredState } from "../rig/world.ts";
import { kernelId, moduleId } from "../rig/world-ids.ts";

type Entries = Parameters<typeof desiredState>[0];

const actual = actualState({
  kernels: ["K1", "K2"],
  modules: { "evdi/1.0": { instances: { K1: { level: "installed" }, K2: { level: "installed" } } } },
});

function need(verdict: LoadedVerdict, entries: Entries = { "evdi/1.0": {} }, filter: PlanFilter = noFilter) {
  const loaded = new Map([[instanceAddress({ module: moduleId("evdi/1.0"), kernel: kernelId("K1") }), verdict]]);
  return rebootNeed({ desired: desiredState(entries), actual, filter }, loaded);
}

const needed = suite("rebootNeed");

needed("another build of what is installed for the running kernel is loaded", () => {
  assert.equal(need("other"), {
    required: true,
    reasons: ["evdi/1.0 is loaded from another build or version than the one installed for K1"],
  });
});

needed("what is loaded is the installed one, or nothing is, or nobody can tell", () => {
  for (const verdict of ["current", "no", "unknown"] as const)
    assert.equal(need(verdict), { required: false, reasons: [] }, verdict);
});

needed("only modules that the documents want installed for the running kernel count", () => {
  const others: readonly Entries[] = [
    {},
    { "evdi/1.0": { state: "built" } },
    { "evdi/1.0": { kernels: [{ kind: "exact", release: "K2" }] } },
    { "other/1.0": {} },
  ];
  for (const entries of others) assert.is(need("other", entries).required, false, JSON.stringify(entries));
});

needed("a run that was narrowed tells of what it was about", () => {
  const about = (name: string) => ({ ...noFilter, modules: [{ name, version: undefined }] });
  assert.is(need("other", undefined, about("evdi")).required, true);
  assert.is(need("other", undefined, about("jool")).required, false);
  assert.is(need("other", undefined, { ...noFilter, kernel: "K2" }).required, false);
});
needed("what was taken away while it was loaded, as long as that is loaded", () => {
  const world = {
    kernels: ["K1"],
    modules: {},
    loaded: ["evdi", "v4l2"],
    stillLoaded: { evdi: "evdi", v4l2: "evdi", gone: "gone" },
  };
  const reasons = (more: Partial<ReturnType<typeof actualState>>, filter = noFilter) =>
    rebootNeed({ desired: desiredState({}), actual: { ...actualState(world), ...more }, filter }, new Map()).reasons;
  const said = ["evdi was taken away from K1 while it was loaded, and still is (evdi, v4l2)"];
  assert.equal(reasons({}), said);
  assert.equal(reasons({}, { ...noFilter, kernel: "K2" }), []);
  assert.equal(reasons({}, { ...noFilter, modules: [{ name: "gone", version: undefined }] }), []);
  const others = new Map([["evdi", { srcversion: "of the kernel's own", buildId: undefined }]]);
  assert.equal(reasons({ loaded: others }), []);
  const again = actualState({ ...world, modules: { "evdi/1.0": { instances: { K1: { level: "installed" } } } } });
  assert.equal(reasons({ modules: again.modules }), [said[0]?.replace("evdi, v4l2", "v4l2")]);
});

needed.run();
