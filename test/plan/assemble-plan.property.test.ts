import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { assemblePlan } from "../../src/plan/assemble-plan.ts";
import { applyToModel, refreshDependencies } from "../rig/model.ts";
import { archives, entries, matched, unlisted, world } from "../rig/random-worlds.ts";
import { actualState, desiredState } from "../rig/world.ts";

const property = suite("assemblePlan, for random desired and actual states");

property("applying the plan and planning again yields no step", () => {
  const check = fc.property(world, entries, archives, unlisted, (trees, listing, contents, policy) => {
    const { options, wanted } = matched(trees, listing, contents);
    const desired = desiredState(wanted, policy);
    const before = refreshDependencies(actualState(options));
    const plan = assemblePlan(desired, before);
    if (plan.diagnostics.some(({ severity }) => severity === "error")) return;
    const after = applyToModel(before, plan);
    // A build that is put back, or a dkms.conf that an archive brings for another kernel, can make an instance possible
    // that was blocked without it: that takes a second run.
    const brings = plan.steps.some((step) => step.kind === "add" && step.tarball !== undefined);
    const putsBack = brings || before.modules.some(({ displaced }) => displaced.length > 0);
    const last = putsBack ? applyToModel(after, assemblePlan(desired, after)) : after;
    const again = assemblePlan(desired, last);
    assert.equal(
      again.steps.map(({ id, reason }) => `${id} ${reason.code}`),
      [],
    );
  });
  fc.assert(check, { numRuns: 3000 });
});

property("nothing that no document names is touched, unless it is pruned", () => {
  const check = fc.property(world, entries, archives, (trees, listing, contents) => {
    const { options, wanted } = matched(trees, listing, contents);
    const desired = desiredState(wanted, "report");
    const named = new Set(Object.keys(wanted).map((key) => key.split("/")[0]));
    const touched = assemblePlan(desired, actualState(options)).steps.filter(
      ({ id }) => !/^(depmod|initramfs):/.test(id),
    );
    for (const { address } of touched) assert.ok(named.has(address.split("/")[0]), address);
  });
  fc.assert(check, { numRuns: 1000 });
});

property("every step belongs to a change, and every change has steps", () => {
  const check = fc.property(world, entries, archives, unlisted, (trees, listing, contents, policy) => {
    const { options, wanted } = matched(trees, listing, contents);
    const { steps, changes } = assemblePlan(desiredState(wanted, policy), actualState(options));
    const told = new Set(changes.flatMap(({ stepIds }) => stepIds));
    assert.equal(
      steps.filter(({ id }) => !told.has(id)).map(({ id }) => id),
      [],
    );
    for (const { address, stepIds } of changes) assert.ok(stepIds.length > 0, address);
  });
  fc.assert(check, { numRuns: 1000 });
});

property("what is loaded has no part in a plan without steps", () => {
  let count = 0;
  const check = fc.property(world, entries, archives, unlisted, (trees, listing, contents, policy) => {
    const { options, wanted } = matched(trees, listing, contents);
    const desired = desiredState(wanted, policy);
    const actual = actualState(options);
    if (assemblePlan(desired, actual).steps.length > 0) return;
    count += 1;
    const unasked = {
      ...actual,
      get loaded(): never {
        throw new Error("somebody asks what is loaded");
      },
    };
    assert.equal(assemblePlan(desired, unasked), assemblePlan(desired, actual));
  });
  fc.assert(check, { numRuns: 1000 });
  assert.ok(count > 20, `${count}`);
});

property("the same values give the same plan, and it shares nothing with its input", () => {
  const check = fc.property(world, entries, archives, unlisted, (trees, listing, contents, policy) => {
    const { options, wanted } = matched(trees, listing, contents);
    const actual = actualState(options);
    const frozen = structuredClone([...actual.modules]);
    const first = assemblePlan(desiredState(wanted, policy), actual);
    assert.equal(assemblePlan(desiredState(wanted, policy), actual), first);
    assert.equal([...actual.modules], frozen);
  });
  fc.assert(check, { numRuns: 300 });
});

property.run();
