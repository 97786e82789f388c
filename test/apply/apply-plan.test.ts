import { suite } from "uvu";
import * as assert from "uvu/assert";
import { applyPlan } from "../../src/apply/apply-plan.ts";
import type { Engine } from "../../src/apply/engine.ts";
import type { ApplyEvent } from "../../src/apply/event.ts";
import type { StepResult } from "../../src/apply/outcome.ts";
import { noWorkshop } from "../../src/apply/workshop.ts";
import { unsignedPolicy } from "../../src/dkms/engine-policy.ts";
import { fail, type Result, succeed } from "../../src/dkms/failure.ts";
import type { Done } from "../../src/dkms/verbs/verb.ts";
import { defaultArchiveLimits } from "../../src/host/archive/archive-limits.ts";
import { createHost } from "../../src/host/create-host.ts";
import { assemblePlan } from "../../src/plan/assemble-plan.ts";
import type { Plan } from "../../src/plan/plan.ts";
import type { Step } from "../../src/plan/step.ts";
import { actualState, desiredState } from "../rig/world.ts";
import type { WorldOptions } from "../rig/world-options.ts";

const apply = suite("applyPlan");

/** What each step does; by default it succeeds and changes something. Named as `kind:address` without architecture. */
type Script = Readonly<Record<string, () => Result<Done>>>;

interface Ran {
  /** `did …`, `undid …`, `kept …` (committed), in order. */
  readonly log: readonly string[];
  readonly results: Readonly<Record<string, StepResult["result"]>>;
  readonly events: readonly ApplyEvent[];
  readonly interrupted: boolean;
  readonly changed: boolean;
}

interface RunOptions {
  readonly failFast?: boolean;
  readonly stop?: AbortController;
}

async function run(plan: Plan, script: Script = {}, { failFast = false, stop }: RunOptions = {}): Promise<Ran> {
  const log: string[] = [];
  const events: ApplyEvent[] = [];
  const carryOut = async (_: unknown, step: Step): Promise<Result<Done>> => {
    const id = short(step.id);
    log.push(`did ${id}`);
    const undo = { restore: () => log.push(`undid ${id}`), commit: () => log.push(`kept ${id}`) };
    return script[id]?.() ?? succeed({ changed: true, notices: [], undo });
  };
  const engine: Engine = {
    sweep: carryOut,
    add: carryOut,
    repair: carryOut,
    "load-tarball": carryOut,
    build: carryOut,
    install: carryOut,
    uninstall: carryOut,
    unbuild: carryOut,
    remove: carryOut,
    depmod: carryOut,
    initramfs: carryOut,
  };
  const quiet = { start: () => {}, intent: () => {}, result: () => {}, end: () => {} };
  const work = { engine, journal: quiet, workshop: noWorkshop, expectedMs: () => 0 };
  const archives = { limits: defaultArchiveLimits };
  const options = { ...work, archives, jobs: 1, jobsAsked: true, failFast, policy: unsignedPolicy, buildTimeoutMs: 1 };
  const host = createHost({ root: "/nowhere", ...(stop && { signal: stop.signal }) });
  const { steps, interrupted, changed } = await applyPlan(host, plan, {
    ...options,
    emit: (event) => events.push(event),
  });
  return {
    log,
    events,
    interrupted,
    changed,
    results: Object.fromEntries(steps.map((step) => [short(step.id), step.result])),
  };
}

function short(id: string): string {
  return id.replaceAll("/x86_64", "");
}

function planFor(world: WorldOptions, entries: Parameters<typeof desiredState>[0]): Plan {
  return assemblePlan(desiredState(entries), actualState(world));
}

const failing = (): Result<Done> => fail("E_MAKE", "no");
const two: WorldOptions = { sources: { "a/1": { inTree: "s" }, "b/1": { inTree: "s" } } };

apply("does all steps in order and keeps them at the end", async () => {
  const { log, results, changed } = await run(planFor({ sources: { "a/1": { inTree: "s" } } }, { "a/1": {} }));
  const ids = ["add:a/1", "build:a/1@K1", "install:a/1@K1", "depmod:K1"];
  assert.equal(log, [...ids.map((id) => `did ${id}`), ...ids.map((id) => `kept ${id}`)]);
  assert.equal(Object.values(results), ["done", "done", "done", "done"]);
  assert.ok(changed);
});

apply("a failed step takes back its own instance, and the others go on", async () => {
  const { log, results } = await run(planFor(two, { "a/1": {}, "b/1": {} }), { "install:a/1@K1": failing });
  assert.ok(log.includes("undid build:a/1@K1"));
  assert.is(results["build:a/1@K1"], "undone");
  assert.is(results["install:b/1@K1"], "done");
  assert.is(results["depmod:K1"], "done");
  assert.not(log.includes("undid build:b/1@K1"));
});

apply("what cannot be taken back is a failure that does not name the step: its event does", async () => {
  const restore = () => {
    throw Object.assign(new Error("full"), { code: "ENOSPC", syscall: "rename", path: "/x" });
  };
  const { events } = await run(planFor(two, { "a/1": {} }), {
    "build:a/1@K1": () => succeed({ changed: true, notices: [], undo: { restore, commit: () => {} } }),
    "install:a/1@K1": failing,
  });
  const told = events.flatMap((event) => (event.type === "undo_complete" && event.failure ? [event] : []));
  assert.equal(
    told.map(({ id, failure }) => [short(id), failure?.code, failure?.message]),
    [["build:a/1@K1", "E_NO_SPACE", "Cannot take back what was done: no space left at /x."]],
  );
});

apply("a source that was added for builds of which none succeeded goes back", async () => {
  const world = { ...two, kernels: ["K1", "K2"] };
  const one = await run(planFor(world, { "a/1": {} }), { "build:a/1@K1": failing });
  assert.is(one.results["add:a/1"], "done");
  const none = await run(planFor(world, { "a/1": {} }), { "build:a/1@K1": failing, "build:a/1@K2": failing });
  assert.is(none.results["add:a/1"], "undone");
  assert.ok(none.log.includes("undid add:a/1"));
  assert.not(none.changed);
});

apply(
  "a failed depmod takes back what its kernel got, latest first, and tries once more; new builds stay",
  async () => {
    const world = { ...two, kernels: ["K1", "K2"] };
    const { log, results } = await run(planFor(world, { "a/1": {}, "b/1": {} }), {
      "depmod:K1": () => fail("E_DEPMOD", "no"),
    });
    const undone = log.filter((line) => line.startsWith("undid"));
    assert.is(undone.length, 2);
    assert.is(results["build:a/1@K1"], "done");
    const installed = log.filter((line) => /^did install:.*K1$/.test(line));
    assert.equal(undone, installed.map((line) => line.replace("did", "undid")).reverse());
    assert.is(log.filter((line) => line === "did depmod:K1").length, 2);
    assert.is(results["install:a/1@K2"], "done");
    assert.is(results["depmod:K2"], "done");
  },
);

apply("a failed depmod takes back a rebuild of what was there, so that it goes with what is installed", async () => {
  const modules = { "a/1": { instances: { K1: { level: "installed", inputs: { source: "before" } } } } } as const;
  const plan = planFor({ modules, sources: { "a/1": { inTree: "s" } } }, { "a/1": {} });
  const { results } = await run(plan, { "depmod:K1": () => fail("E_DEPMOD", "no") });
  for (const id of ["build:a/1@K1", "install:a/1@K1"]) assert.is(results[id], "undone", id);
});

apply("a removal that followed a replaced version goes back with it when depmod fails", async () => {
  const modules = { "a/1": { instances: { K1: { level: "installed" } } } } as const;
  const world: WorldOptions = { modules, sources: { "a/1": { inTree: "s" }, "a/2": { inTree: "s" } } };
  const plan = assemblePlan(desiredState({ "a/2": {} }, "prune"), actualState(world));
  const { results } = await run(plan, { "depmod:K1": () => fail("E_DEPMOD", "no") });
  for (const id of ["install:a/2@K1", "unbuild:a/1@K1", "remove:a/1"]) assert.is(results[id], "undone", id);
});

apply("nothing was changed for a kernel: no depmod", async () => {
  const { results } = await run(planFor(two, { "a/1": {} }), { "build:a/1@K1": failing });
  assert.is(results["install:a/1@K1"], "skipped");
  assert.is(results["depmod:K1"], "skipped");
});

apply("when asked to stop, starts nothing more but the depmod of what was changed", async () => {
  const stop = new AbortController();
  const { results, interrupted, events } = await run(
    planFor(two, { "a/1": {}, "b/1": {} }),
    {
      "install:a/1@K1": () => {
        stop.abort("SIGTERM");
        return succeed({ changed: true, notices: [], undo: { restore: () => {}, commit: () => {} } });
      },
    },
    { stop },
  );
  assert.ok(interrupted);
  assert.is(results["install:a/1@K1"], "done");
  assert.is(results["build:b/1@K1"], "skipped");
  assert.is(results["depmod:K1"], "done");
  const skipped = events.find((event) => event.type === "step_skipped" && short(event.id) === "build:b/1@K1");
  assert.is(skipped?.type === "step_skipped" && skipped.because, "the run was asked to stop");
});

apply("--fail-fast starts nothing after the first failure", async () => {
  const { results } = await run(
    planFor(two, { "a/1": {}, "b/1": {} }),
    { "build:a/1@K1": failing },
    { failFast: true },
  );
  assert.is(results["build:b/1@K1"], "skipped");
});

apply("what is cancelled has failed, unless it has only waited, and gives up for --fail-fast", async () => {
  const plan = planFor(two, { "a/1": {}, "b/1": {} });
  const script = { "build:a/1@K1": () => fail("E_CANCELLED", "stopped") };
  assert.is((await run(plan, script)).results["build:a/1@K1"], "failed");
  assert.is((await run(plan, script, { failFast: true })).results["build:a/1@K1"], "skipped");
  const stop = new AbortController();
  const stopping = {
    "build:a/1@K1": () => {
      stop.abort("SIGTERM");
      return fail("E_CANCELLED", "stopped");
    },
  };
  assert.is((await run(plan, stopping, { failFast: true, stop })).results["build:a/1@K1"], "failed");
});

apply("what a verb throws is the failure of its step alone", async () => {
  const { results, events } = await run(planFor(two, { "a/1": {}, "b/1": {} }), {
    "build:a/1@K1": () => {
      throw new Error("oops");
    },
    "build:b/1@K1": () => {
      throw Object.assign(new Error("full"), { code: "ENOSPC", syscall: "write", path: "/x" });
    },
  });
  assert.is(results["build:a/1@K1"], "failed");
  const codes = events.flatMap((event) => (event.type === "step_errored" ? [event.failure.code] : []));
  assert.equal([...codes].sort(), ["E_INTERNAL", "E_NO_SPACE"]);
});

apply("a step that had nothing to do says nothing", async () => {
  const undo = { restore: () => {}, commit: () => {} };
  const { events, results } = await run(planFor(two, { "a/1": {} }), {
    "build:a/1@K1": () => succeed({ changed: false, notices: ["it is built already"], undo }),
  });
  assert.is(results["build:a/1@K1"], "unchanged");
  assert.is(results["install:a/1@K1"], "done");
  assert.not(events.some(({ type }) => type === "step_output"));
});

apply.run();
