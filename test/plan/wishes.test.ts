import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ActualState } from "../../src/actual-state/actual-state.ts";
import type { Wishes } from "../../src/dkms/last-applied.ts";
import { assemblePlan } from "../../src/plan/assemble-plan.ts";
import { noFilter, type PlanFilter } from "../../src/plan/resolve-wanted.ts";
import { rememberWishes, wishesOf } from "../../src/plan/wishes.ts";
import { applyToModel } from "../rig/model.ts";
import { actualState, desiredState } from "../rig/world.ts";
import type { WorldOptions } from "../rig/world-options.ts";

type Entries = Parameters<typeof desiredState>[0];

/** A host on which documents are applied, one after the other. */
function host(options: WorldOptions) {
  let actual: ActualState = actualState(options);
  let last: Wishes | undefined;
  const plan = (entries: Entries, more: { prune?: boolean; filter?: PlanFilter } = {}) => {
    const world = {
      desired: desiredState(entries, more.prune ? "prune" : "report"),
      actual,
      filter: more.filter ?? noFilter,
    };
    return { world, plan: assemblePlan(world.desired, { ...actual, lastApplied: last }, world.filter) };
  };
  return {
    drift: (entries: Entries, more = {}) =>
      plan(entries, more).plan.changes.map(({ address, drift }) => `${address.replace("/x86_64", "")} ${drift}`),
    apply: (entries: Entries, more = {}) => {
      const before = plan(entries, more);
      actual = applyToModel(actual, before.plan);
      const after = plan(entries, more);
      last = rememberWishes(last, after.plan, after.world);
    },
    becomes: (changed: WorldOptions) => {
      actual = actualState({ ...options, ...changed });
    },
    last: () => last,
  };
}

const installed = { instances: { K1: { level: "installed" as const } } };
const gone = { instances: { K1: { level: "installed" as const, problems: ["installed-missing" as const] } } };
const sources = { "a/1": { inTree: "s" }, "a/2": { inTree: "s" } };
const inputs = { source: "s" };
const fresh = (release = "K1") => ({ instances: { [release]: { level: "installed" as const, inputs } } });

const drift = suite("driftOf and rememberWishes");

drift("what was never brought there is first seen", () => {
  const one = host({ sources });
  assert.equal(one.drift({ "a/1": {} }), ["a/1@K1 first_seen"]);
  const other = host({ modules: { "a/1": installed, "b/1": {} } });
  other.apply({ "b/1": { state: "added" } });
  assert.equal(other.drift({ "a/1": { state: "absent" }, "b/1": { state: "added" } }), ["a/1@K1 first_seen"]);
});

drift("the same document and another host: corrective", () => {
  const one = host({ sources });
  one.apply({ "a/1": {} });
  one.becomes({ modules: { "a/1": gone } });
  assert.equal(one.drift({ "a/1": {} }), ["a/1@K1 corrective"]);
  one.becomes({ modules: {} });
  assert.equal(one.drift({ "a/1": {} }), ["a/1@K1 corrective"]);
  one.apply({ "a/1": {} });
  one.becomes({ modules: { "a/1": fresh() }, sources: { "a/1": { inTree: "changed" } } });
  assert.equal(one.drift({ "a/1": {} }), ["a/1@K1 corrective"]);
});

drift("another document: intentional, whatever it asks for now", () => {
  const one = host({ sources });
  one.apply({ "a/1": {} });
  one.becomes({ sources, modules: { "a/1": fresh() } });
  assert.equal(one.drift({ "a/1": { state: "built" } }), ["a/1@K1 intentional"]);
  assert.equal(one.drift({ "a/1": { state: "absent" } }), ["a/1@K1 intentional"]);
  assert.equal(one.drift({ "a/*": { state: "absent" } }), ["a/1@K1 intentional"]);
  assert.equal(one.drift({}, { prune: true }), ["a/1@K1 intentional"]);
  one.becomes({ sources, modules: { "a/1": gone } });
  assert.equal(one.drift({ "a/1": { directives: { STRIP: "no" } } }), ["a/1@K1 intentional"]);
});

drift("for which other kernels, how long, and where in the document: all of that is no other wish", () => {
  const one = host({ sources });
  one.apply({ "a/1": {} });
  one.becomes({ kernels: ["K1", "K2"], sources, modules: { "a/1": gone } });
  const position = { file: "/other.yaml", line: 9, column: 9 };
  const same = { timeoutMs: 5, position, kernels: [{ kind: "with-headers" }] as const };
  assert.equal(one.drift({ "a/1": same }), ["a/1@K1 corrective", "a/1@K2 first_seen"]);
});

drift("where an archive lies is no other wish, and another archive is", () => {
  const wished = (path: string, sha256: string) =>
    wishesOf({
      desired: desiredState({ "a/1": { tarballs: [{ path, sha256 }] } }),
      actual: actualState({ sources }),
      filter: noFilter,
    });
  assert.equal(wished("/srv/t", "t1"), wished("/mnt/t", "t1"));
  assert.not.equal(wished("/srv/t", "t1"), wished("/srv/t", "t2"));
});

drift("what is unlisted and came back is corrective where the policy is the same", () => {
  const one = host({ sources, modules: { "b/1": installed } });
  one.apply({ "a/1": {} }, { prune: true });
  one.becomes({ sources, modules: { "a/1": fresh(), "b/1": installed } });
  assert.equal(one.drift({ "a/1": {} }, { prune: true }), ["b/1@K1 corrective"]);
  const lenient = host({ sources, modules: { "b/1": installed } });
  lenient.apply({ "a/1": {} });
  assert.equal(lenient.drift({ "a/1": {} }, { prune: true }), ["b/1@K1 first_seen"]);
});

drift("an entry that was gone in between is not forgotten", () => {
  const one = host({ sources });
  one.apply({ "a/1": {} });
  one.apply({});
  assert.equal(one.drift({ "a/1": { state: "absent" } }), ["a/1@K1 intentional"]);
  assert.equal(one.drift({}, { prune: true }), ["a/1@K1 intentional"]);
});

drift("what failed or is blocked keeps what was wanted before", () => {
  const one = host({ sources });
  one.apply({ "a/1": {} });
  one.becomes({ kernels: [{ release: "K1", headers: undefined }], sources, modules: {} });
  one.apply({ "a/1": { state: "built" } });
  one.becomes({ sources, modules: {} });
  assert.equal(one.drift({ "a/1": { state: "built" } }), ["a/1@K1 intentional"]);
  assert.equal(one.drift({ "a/1": {} }), ["a/1@K1 corrective"]);
});

drift("a narrowed run remembers what it was about, and keeps the rest", () => {
  const one = host({ sources: { ...sources, "b/1": { inTree: "s" } } });
  one.apply({ "a/1": {}, "b/1": {} });
  const before = one.last();
  one.apply({ "a/1": { state: "built" } }, { filter: { ...noFilter, modules: [{ name: "a", version: undefined }] } });
  const after = one.last();
  assert.is(after?.places.get("b/1@K1/x86_64"), before?.places.get("b/1@K1/x86_64"));
  assert.is.not(after?.places.get("a/1@K1/x86_64"), before?.places.get("a/1@K1/x86_64"));
});

drift("the same again changes nothing of what is remembered", () => {
  const one = host({ sources });
  one.apply({ "a/1": {} });
  const before = one.last();
  one.apply({ "a/1": {} });
  assert.equal([...(one.last()?.places ?? [])], [...(before?.places ?? [])]);
});
drift.run();
