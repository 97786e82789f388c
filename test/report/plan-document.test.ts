import { suite } from "uvu";
import * as assert from "uvu/assert";
import { assemblePlan } from "../../src/plan/assemble-plan.ts";
import { planDocument } from "../../src/report/plan-document.ts";
import { actualState, desiredState } from "../rig/world.ts";

const document = suite("planDocument");

const desired = desiredState({ "evdi/1.14.1": {}, "jool/4.1.9": {}, "bbswitch/0.8": {} });
const actual = actualState({
  sources: { "evdi/1.14.1": { inTree: "s" }, "jool/4.1.9": {}, "bbswitch/0.8": { inTree: "s" } },
  confs: { "bbswitch/0.8": { exclusion: "not here" } },
  modules: { "stray/2": {} },
});
const facts = {
  toolVersion: "1.2.3",
  planId: "the-plan",
  createdAt: new Date("2026-01-02T03:04:05.678Z"),
  host: { machineId: "0123", arch: "x86_64", runningKernel: undefined },
  trees: { dkmsTree: "/var/lib/dkms", sourceTree: "/usr/src", installTree: "/lib/modules" },
  desired,
  filter: { modules: [{ name: "evdi", version: undefined }], kernel: undefined, retry: true },
  observed: { fingerprint: "f", touched: [{ address: "evdi/1.14.1", facts: { source: "s" } }] },
};
const made = planDocument(assemblePlan(desired, actual), facts);

document("begins with what a reader checks first", () => {
  assert.is(made.format_version, "1.0");
  assert.is(made.tool_version, "1.2.3");
  assert.is(made.plan_id, "the-plan");
  assert.is(made.created_at, "2026-01-02T03:04:05.678Z");
  assert.equal(made.host, { machine_id: "0123", arch: "x86_64", running_kernel: null });
  assert.equal(made.filter, { modules: ["evdi"], kernel: null, retry: true, allow_in_use: false });
  assert.equal(made.observed, { fingerprint: "f", touched: [{ address: "evdi/1.14.1", facts: { source: "s" } }] });
  assert.equal(made.desired, {
    paths: ["/etc/dkms-agent/desired-state/modules.yaml"],
    files: [{ path: "/etc/dkms-agent/desired-state/modules.yaml", sha256: "0" }],
    sha256: "0",
  });
});

document("a change has its address, actions, reason, levels, place and steps", () => {
  assert.equal(made.changes, [
    {
      address: "evdi/1.14.1@K1/x86_64",
      actions: ["add", "build", "install", "depmod"],
      reason: { code: "not-built", text: "it is not built for this kernel" },
      drift: "first_seen",
      before: "absent",
      after: "installed",
      source: { file: "/etc/dkms-agent/desired-state/modules.yaml", line: 4, column: 11 },
      step_ids: ["add:evdi/1.14.1", "build:evdi/1.14.1@K1/x86_64", "install:evdi/1.14.1@K1/x86_64", "depmod:K1/x86_64"],
    },
  ]);
});

document("a step has what it waits for, and no command or argument", () => {
  assert.equal(Object.keys(made.steps[1] ?? {}), ["id", "kind", "address", "depends_on", "reason"]);
  assert.equal(made.steps[1]?.depends_on, ["add:evdi/1.14.1"]);
});

document("what is blocked, not applicable or unlisted is there too", () => {
  assert.is(made.blocked[0]?.reason, "no-source");
  assert.is(made.blocked[0]?.source?.line, 5);
  assert.is(made.not_applicable[0]?.text, "not here");
  assert.equal(made.unlisted, ["stray/2"]);
  assert.is(made.summary.not_applicable, 1);
  assert.is(made.summary.install, 1);
});

document("is JSON, with snake-case keys at every depth", () => {
  const keys: string[] = [];
  const again: unknown = JSON.parse(JSON.stringify(made), (key, value: unknown) => {
    keys.push(key);
    return value;
  });
  assert.equal(again, JSON.parse(JSON.stringify(made)));
  assert.ok(keys.length > 50);
  assert.equal(
    keys.filter((key) => !/^[a-z0-9_]*$/.test(key)),
    [],
  );
});
document.run();
