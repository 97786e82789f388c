import { suite } from "uvu";
import * as assert from "uvu/assert";
import { assemblePlan } from "../../src/plan/assemble-plan.ts";
import { noFilter } from "../../src/plan/resolve-wanted.ts";
import { actualState, desiredState } from "../rig/world.ts";
import type { WorldOptions } from "../rig/world-options.ts";

type Entries = Parameters<typeof desiredState>[0];

const installed = { instances: { K1: { level: "installed" as const } } };
const built = { instances: { K1: { level: "built" as const } } };

function refused(
  world: WorldOptions,
  entries: Entries,
  more: { prune?: boolean; allowInUse?: boolean } = {},
): string[] {
  const desired = desiredState(entries, more.prune ? "prune" : "report");
  const filter = { ...noFilter, allowInUse: more.allowInUse === true };
  return assemblePlan(desired, actualState(world), filter)
    .diagnostics.filter(({ severity }) => severity === "error")
    .map(({ code, message }) => `${code} ${message}`);
}

const protections = suite("refusals, of what is protected");

const kept = { modules: { "a/1": installed }, protectedModules: ["a/1"] };
const told = (doing: string) => [`E_PROTECTED a/1 is protected, and this plan would ${doing}`];

protections("each way of taking a protected module away", () => {
  assert.equal(refused(kept, { "a/1": { state: "absent" } }), told("uninstall it for K1"));
  assert.equal(refused(kept, { "a/*": { state: "absent" } }), told("uninstall it for K1"));
  assert.equal(refused(kept, { "a/1": { state: "built" } }), told("uninstall it for K1"));
  assert.equal(refused(kept, { "a/1": { state: "added" } }), told("uninstall it for K1"));
  assert.equal(
    refused({ ...kept, modules: { "a/1": built } }, { "a/1": { state: "added" } }),
    told("unbuild it for K1"),
  );
  assert.equal(refused({ ...kept, modules: { "a/1": {} } }, { "a/1": { state: "absent" } }), told("remove it"));
});

protections("also when its entry is gone, and when another version is to take its place", () => {
  assert.equal(refused(kept, {}, { prune: true }), told("uninstall it for K1"));
  const both = { ...kept, sources: { "a/1": { inTree: "s" }, "a/2": { inTree: "s" } } };
  assert.equal(refused(both, { "a/2": {} }), told("replace it by a/2 for K1"));
});

protections("the place is the entry that takes it away, the version that is wanted instead, or what prunes it", () => {
  const placed = (world: WorldOptions, desired: ReturnType<typeof desiredState>) =>
    assemblePlan(desired, actualState(world)).diagnostics.map(({ file, range }) => [file, range?.line, range?.column]);
  const [file = ""] = desiredState({}).paths;
  assert.equal(placed(kept, desiredState({ "b/1": {}, "a/*": { state: "absent" } })), [[file, 5, 11]]);
  const both = { ...kept, sources: { "a/1": { inTree: "s" }, "a/2": { inTree: "s" } } };
  const version = { file, range: { line: 9, column: 14, endLine: 9, endColumn: 17 } };
  assert.equal(placed(both, desiredState({ "a/2": { places: { version, kernels: [] } } })), [[file, 9, 14]]);
  const unlistedPlace = { file, range: { line: 3, column: 1, endLine: 3, endColumn: 9 } };
  assert.equal(placed(kept, { ...desiredState({}, "prune"), unlistedPlace }), [[file, 3, 1]]);
});

protections("also before it was ever applied with its protection", () => {
  const world = { modules: { "a/1": installed } };
  assert.equal(refused(world, { "a/1": { state: "built", protect: true } }), told("uninstall it for K1"));
});

protections("building it again and mending it is no taking away", () => {
  const stale = { instances: { K1: { level: "installed" as const, inputs: { headers: "old" } } } };
  assert.equal(refused({ ...kept, modules: { "a/1": stale } }, { "a/1": {} }), []);
  assert.equal(refused(kept, {}), [], "and what nobody touches needs no protection");
});

protections("where nobody can tell what is protected, nothing is taken away", () => {
  const world = { modules: { "a/1": installed }, protectedModules: "unknown" as const };
  const [message = ""] = refused(world, { "a/1": { state: "absent" } });
  assert.match(message, /^E_PROTECTED What is protected cannot be read, so a\/1 may be/);
  assert.equal(refused(world, { "a/1": {} }), []);
});

protections("one error for each module, at the entry that asks for it", () => {
  const world = {
    kernels: ["K1", "K2"],
    modules: { "a/1": { instances: { ...installed.instances, K2: { level: "built" as const } } } },
  };
  const desired = desiredState({ "a/1": { state: "absent" } });
  const plan = assemblePlan(desired, actualState({ ...world, protectedModules: ["a/1"] }));
  assert.is(plan.diagnostics.length, 1);
  assert.is(plan.diagnostics[0]?.range?.line, 4);
  assert.match(plan.diagnostics[0]?.hint ?? "", "dkms-agent unprotect a/1");
});
protections.run();

const inUse = suite("refusals, of what is in use");

const loaded = { modules: { "a-b/1": installed }, loaded: ["a_b"] };

inUse("what is loaded is not uninstalled from the running kernel, unless that is allowed", () => {
  const message = "E_IN_USE a-b/1 is in use: a_b is loaded, and this plan would uninstall it for the running kernel K1";
  assert.equal(refused(loaded, { "a-b/1": { state: "absent" } }), [message]);
  assert.equal(refused(loaded, { "a-b/1": { state: "built" } }), [message]);
  assert.equal(refused(loaded, {}, { prune: true }), [message]);
  assert.equal(refused(loaded, { "a-b/1": { state: "absent" } }, { allowInUse: true }), []);
});

inUse("other kernels, other objects and upgrades go on", () => {
  assert.equal(refused({ ...loaded, runningKernel: "K2" }, { "a-b/1": { state: "absent" } }), []);
  assert.equal(refused({ ...loaded, loaded: ["other"] }, { "a-b/1": { state: "absent" } }), []);
  const both = { ...loaded, sources: { "a-b/1": { inTree: "s" }, "a-b/2": { inTree: "s" } } };
  assert.equal(refused(both, { "a-b/2": {} }), []);
  const handedOver = {
    ...both,
    sources: { ...both.sources, "c/1": { inTree: "s" } },
    confs: { "c/1": { objects: ["a-b"] } },
  };
  assert.equal(refused(handedOver, { "a-b/1": { state: "absent" }, "c/1": {} }), []);
});
inUse.run();
