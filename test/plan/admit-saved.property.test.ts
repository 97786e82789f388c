import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { DesiredState } from "../../src/desired-state/desired-state.ts";
import { moduleKey } from "../../src/dkms/id.ts";
import { admitSaved, type SavedPlan } from "../../src/plan/admit-saved.ts";
import { assemblePlan } from "../../src/plan/assemble-plan.ts";
import { observe } from "../../src/plan/observe.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { noFilter, resolveWanted } from "../../src/plan/resolve-wanted.ts";
import { applyToModel, refreshDependencies } from "../rig/model.ts";
import { entries, unlisted, withoutClashes, world } from "../rig/random-worlds.ts";
import { actualState, desiredState } from "../rig/world.ts";
import { moduleId } from "../rig/world-ids.ts";
import type { WorldOptions } from "../rig/world-options.ts";

const machine = { machineId: "m", dkmsTree: "/d", sourceTree: "/s", installTree: "/i" };

const property = suite("admitSaved, for random worlds of which something changes");

/** Mixes some things of another world into one, so that a few differ and most do not. */
const change: fc.Arbitrary<(before: WorldOptions) => WorldOptions> = fc
  .record({
    other: world,
    what: fc.subarray(["modules", "sources", "confs", "kernels", "rest"], { maxLength: 2 }),
    pick: fc.nat(20),
  })
  .map(
    ({ other, what, pick }) =>
      (before) =>
        mix(before, { other, what, pick }),
  );

property("a saved plan is refused if and only if something that it touches changed", () => {
  let [refused, kept] = [0, 0];
  // What an initramfs holds hangs on everything that is installed: its steps are held against the plan of now alone.
  const withoutInitramfs = world.map((one) => ({ ...one, initramfs: undefined }));
  const check = fc.property(withoutInitramfs, change, entries, unlisted, (options, changed, wanted, policy) => {
    const later = changed(options);
    const desired = desiredState(wanted, policy);
    const [before, after] = [options, later].map((one) => refreshDependencies(actualState(one)));
    assert.ok(before && after);
    const [saved, now] = [before, after].map((actual) => assemblePlan(desired, actual));
    assert.ok(saved && now);
    if ([saved, now].some(({ diagnostics }) => diagnostics.some(({ severity }) => severity === "error"))) return;
    const admitted = admitSaved(save(saved, desired, options), {
      desired,
      actual: after,
      filter: noFilter,
      machine,
      plan: now,
    });
    const touched = touches(saved, desired, [options, later]);
    const moved = differences(options, later).filter(touched);
    assert.is(
      !admitted.ok,
      moved.length > 0,
      `${moved.join(", ")} / ${admitted.ok ? "kept" : admitted.error.join(", ")}`,
    );
    if (!admitted.ok) refused += 1;
    if (!admitted.ok) return;
    kept += 1;
    // In what order steps that do not depend on each other come may hang on modules that the plan does not touch.
    assert.equal(byId(admitted.value).map(argumentsOf), byId(saved).map(argumentsOf));
    applyToModel(after, admitted.value);
  });
  fc.assert(check, { numRuns: 1500, includeErrorInReport: true });
  assert.ok(refused > 100 && kept > 100, `${refused} ${kept}`);
});
property.run();

function save({ steps }: Plan, desired: DesiredState, options: WorldOptions): SavedPlan {
  const actual = refreshDependencies(actualState(options));
  const names = steps.map(({ kind, address }) => ({ kind, address }));
  const observed = observe(names, { desired, actual, filter: noFilter });
  return { planId: "p", createdAt: "", machine, desired, filter: noFilter, steps: names, observed };
}

function byId({ steps }: Plan): Plan["steps"] {
  return [...steps].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function argumentsOf({ dependsOn, ...step }: Plan["steps"][number]) {
  return { ...step, dependsOn: [...dependsOn].sort() };
}

interface Mixing {
  readonly other: WorldOptions;
  readonly what: readonly string[];
  readonly pick: number;
}

function mix(before: WorldOptions, { other, what, pick }: Mixing): WorldOptions {
  const one = <T>(mine: Readonly<Record<string, T>> = {}, theirs: Readonly<Record<string, T>> = {}) => {
    const keys = [...new Set([...Object.keys(mine), ...Object.keys(theirs)])].sort();
    const key = keys[pick % Math.max(keys.length, 1)] ?? "";
    const { [key]: _, ...rest } = mine;
    return key in theirs ? { ...mine, [key]: theirs[key] as T } : rest;
  };
  const kernels = (before.kernels ?? []).map((kernel, index) => {
    const isPicked = typeof kernel === "object" && index === pick % 3;
    return isPicked
      ? { ...kernel, headers: pick % 2 === 0 ? "headers-2" : undefined, hasModulesDep: pick > 9 }
      : kernel;
  });
  return {
    ...before,
    ...(what.includes("kernels") && { kernels }),
    ...(what.includes("modules") && { modules: withoutClashes(one(before.modules, other.modules)) }),
    ...(what.includes("sources") && { sources: { ...before.sources, ...one(before.sources, other.sources) } }),
    ...(what.includes("confs") && { confs: one(before.confs, other.confs) }),
    ...(what.includes("rest") && pick % 5 === 0 && { strays: other.strays ?? [] }),
    ...(what.includes("rest") && pick % 5 === 1 && { depmodOwed: other.depmodOwed ?? [] }),
    ...(what.includes("rest") && pick % 5 === 2 && { complete: other.complete ?? true }),
    ...(what.includes("rest") && pick % 5 === 3 && { missingTools: other.missingTools ?? [] }),
    ...(what.includes("rest") && pick % 5 === 4 && { signer: other.signer }),
  };
}

/** What differs between two worlds, thing by thing: `kernel 1.1`, `instance a/1@1.1`, `source a/1`, … */
function differences(before: WorldOptions, after: WorldOptions): readonly string[] {
  const [was, is] = [thingsOf(before), thingsOf(after)];
  return [...new Set([...was.keys(), ...is.keys()])].filter((thing) => was.get(thing) !== is.get(thing));
}

function thingsOf(options: WorldOptions): ReadonlyMap<string, string> {
  const things: (readonly [string, unknown])[] = [];
  for (const kernel of options.kernels ?? []) {
    if (typeof kernel === "object")
      things.push([`headers ${kernel.release}`, kernel.headers], [`kernel ${kernel.release}`, kernel.hasModulesDep]);
  }
  for (const [key, { link, leftovers, displaced, instances = {} }] of Object.entries(options.modules ?? {})) {
    things.push([`module ${key}`, [link, leftovers, displaced]]);
    for (const [release, one] of Object.entries(instances)) things.push([`instance ${key}@${release}`, one]);
  }
  for (const [key, source] of Object.entries(options.sources ?? {})) things.push([`source ${key}`, source]);
  for (const key of Object.keys(options.sources ?? {})) {
    things.push([`conf ${key}`, { buildDepends: [], ...options.confs?.[key] }]);
  }
  for (const name of options.strays ?? []) things.push([`strays ${name}`, true]);
  for (const release of options.depmodOwed ?? []) things.push([`kernel ${release} owed`, true]);
  things.push(["complete", options.complete], ["tools", options.missingTools], ["signer", options.signer]);
  return new Map(things.map(([thing, value]) => [thing, JSON.stringify(value)]));
}

/** The definition that the fingerprint is held against, in the terms of the worlds instead of the scan. */
function touches({ steps }: Plan, desired: DesiredState, worlds: readonly WorldOptions[]): (thing: string) => boolean {
  const named = steps.flatMap((step) => ("instance" in step ? [step.instance] : []));
  const modules = new Set(
    steps
      .flatMap((step) => ("module" in step ? [step.module] : "instance" in step ? [step.instance.module] : []))
      .map(moduleKey),
  );
  const removed = new Set(steps.flatMap((step) => (step.kind === "remove" ? [moduleKey(step.module)] : [])));
  const names = [
    ...[...modules].map((key) => key.split("/")[0]),
    ...steps.flatMap((step) => (step.kind === "sweep" ? [step.name] : [])),
  ];
  const releases = new Set([
    ...named.map(({ kernel }) => kernel.release),
    ...steps.flatMap((step) => (step.kind === "depmod" ? [step.kernel.release] : [])),
  ]);
  const unlistedToo =
    [...modules].some(
      (key) =>
        !desired.modules.some(
          ({ name, version }) => key === `${name}/${version}` || (key.startsWith(`${name}/`) && version === "*"),
        ),
    ) || names.some((name) => !desired.modules.some((entry) => entry.name === name));
  const isBuilt = (key: string) => steps.some(({ id }) => id.startsWith(`build:${key}@`));
  const repaired = steps
    .flatMap((step) => (step.kind === "repair" ? [moduleKey(step.module)] : []))
    .filter((key) => !isBuilt(key));
  const first = (options: WorldOptions) => [
    ...named.map(({ module, kernel }) => `${moduleKey(module)}@${kernel.release}`),
    ...wantedPlaces(desired, options).filter((place) => repaired.some((key) => place.startsWith(`${key}@`))),
  ];
  const reached = new Set(worlds.flatMap((options) => [...reach(worlds.flatMap(first), desired, options)]));
  const keys = new Set([...reached].map((place) => place.split("@")[0] ?? ""));
  return (thing) => {
    const [kind = "", what = ""] = thing.split(" ");
    switch (kind) {
      case "kernel":
        return releases.has(what);
      case "headers":
        return releases.has(what) || [...reached].some((place) => place.endsWith(`@${what}`));
      case "instance":
        return reached.has(what) || removed.has(moduleKey(moduleId(what.split("@")[0] ?? "")));
      case "module":
        return [...modules].some((key) => key === what);
      case "source":
        return keys.has(what) || [...modules].some((key) => key === what);
      case "conf":
        return keys.has(what);
      case "strays":
        return names.includes(what);
      case "complete":
        return unlistedToo;
      default:
        return reached.size > 0;
    }
  };
}

/** Places that hang together: the versions wanted or installed for the kernel of a module and of what it builds on. */
function reach(places: readonly string[], desired: DesiredState, options: WorldOptions): ReadonlySet<string> {
  const wanted = wantedPlaces(desired, options);
  const installed = Object.entries(options.modules ?? {}).flatMap(([key, { instances = {} }]) =>
    Object.entries(instances).flatMap(([release, { level }]) => (level === "installed" ? [`${key}@${release}`] : [])),
  );
  const found = new Set(places);
  for (const place of found) {
    const [key = "", release = ""] = place.split("@");
    const related = [key.split("/")[0] ?? "", ...(options.confs?.[key]?.buildDepends ?? [])];
    for (const other of [...wanted, ...installed]) {
      if (other.endsWith(`@${release}`) && related.includes(other.split("/")[0] ?? "")) found.add(other);
    }
  }
  return found;
}

function wantedPlaces(desired: DesiredState, options: WorldOptions): readonly string[] {
  return resolveWanted(desired, actualState(options), noFilter).wanted.flatMap(({ id, kernels }) =>
    id ? kernels.map(({ release }) => `${moduleKey(id)}@${release}`) : [],
  );
}
