import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { LoadedVerdict } from "../../src/actual-state/compare-loaded.ts";
import type { BootProblemKind } from "../../src/actual-state/inspect-installed.ts";
import { instanceAddress } from "../../src/dkms/id.ts";
import { assemblePlan } from "../../src/plan/assemble-plan.ts";
import { readinessOf } from "../../src/plan/readiness.ts";
import { noFilter } from "../../src/plan/resolve-wanted.ts";
import { actualState, desiredState } from "../rig/world.ts";
import { kernelId, moduleId } from "../rig/world-ids.ts";
import type { WorldOptions } from "../rig/world-options.ts";

const address = instanceAddress({ module: moduleId("evdi/1.0"), kernel: kernelId("K1") });
const installed: WorldOptions = { modules: { "evdi/1.0": { instances: { K1: { level: "installed" } } } } };

interface Case {
  readonly world?: WorldOptions;
  readonly inspected?: readonly BootProblemKind[];
  readonly loaded?: LoadedVerdict;
  readonly mustRun?: boolean;
}

function judge({ world = installed, inspected = [], loaded = "no", mustRun = false }: Case) {
  const actual = actualState(world);
  const desired = desiredState({ "evdi/1.0": {} });
  const problems = inspected.map((reason) => ({ reason, text: reason, remedy: "", path: "/x" }));
  const [one] = readinessOf(
    { desired, actual, filter: noFilter },
    {
      plan: assemblePlan(desired, actual),
      inspected: new Map([[address, problems]]),
      loaded: new Map([[address, loaded]]),
      mustRun,
    },
  );
  return [one?.status, ...(one?.problems.map(({ reason }) => reason) ?? [])];
}

const readiness = suite("readinessOf");

readiness("nothing is left to do, and nothing was found", () => {
  assert.equal(judge({}), ["ready"]);
});

readiness("what is left to do, what is blocked, and what the inspection found; each reason once", () => {
  const gone: WorldOptions = {
    modules: { "evdi/1.0": { instances: { K1: { level: "installed", problems: ["installed-missing"] } } } },
  };
  assert.equal(judge({ world: gone, inspected: ["unsigned"] }), ["not-ready", "installed-missing", "unsigned"]);
  const wrong: WorldOptions = {
    modules: { "evdi/1.0": { instances: { K1: { level: "installed", problems: ["wrong-vermagic"] } } } },
  };
  assert.equal(judge({ world: wrong, inspected: ["wrong-vermagic"] }), ["not-ready", "wrong-vermagic"]);
  assert.equal(judge({ world: { sources: { "evdi/1.0": {} } } }), ["not-ready", "no-source"]);
});

readiness("what dkms.conf excludes is neither ready nor not", () => {
  const world: WorldOptions = {
    sources: { "evdi/1.0": { inTree: "s" } },
    confs: { "evdi/1.0": { exclusion: "not here" } },
  };
  assert.equal(judge({ world, loaded: "other", mustRun: true }), ["not-applicable", "not-applicable"]);
});

readiness("another build that is loaded matters only where it must run", () => {
  assert.equal(judge({ loaded: "other" }), ["ready"]);
  assert.equal(judge({ loaded: "other", mustRun: true }), ["not-ready", "other-loaded"]);
  for (const loaded of ["no", "current", "unknown"] as const)
    assert.equal(judge({ loaded, mustRun: true }), ["ready"], loaded);
});
readiness.run();
