import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readKnownScan } from "../src/actual-state/known-scan.ts";
import { compare } from "../src/compare.ts";
import { knownScanFile } from "../src/dkms/state-layout.ts";
import type { Host } from "../src/host/host.ts";
import { noFilter } from "../src/plan/resolve-wanted.ts";
import { awaitTick } from "./rig/await-tick.ts";
import { dkmsTree, type TreeBuilder } from "./rig/tree-builder.ts";
import { desiredState } from "./rig/world.ts";

const K = "6.1.0-1";
const asIs = desiredState({ "two/2": { state: "built" } });
const gone = desiredState({ "one/1.0": { state: "absent" } });

const comparing = suite<{ tree: TreeBuilder; host: Host }>("compare");
comparing.before.each((context) => {
  context.tree = dkmsTree().kernel(K);
  context.tree.module("one/1.0").installed(K).module("two/2").built(K);
  fs.mkdirSync(context.tree.at("var/lib/dkms/.dkms-agent"));
  awaitTick(context.tree.at("tick"));
  // To its clock everything happened long ago.
  const clock = () => new Date(Date.now() + 10_000);
  context.host = context.tree.host({ clock, machine: { arch: "x86_64", runningKernel: K } });
});
comparing.after.each(({ tree }) => tree.remove());

comparing("what is loaded meanwhile forbids what it did not forbid before", async ({ tree, host }) => {
  const before = await compare(host, gone, { filter: noFilter, mayKeep: true });
  assert.ok(before.plan.steps.length > 0);
  assert.equal(codesOf(before.plan), []);
  before.keep?.();
  assert.ok(fs.existsSync(knownScanFile(host.paths)));
  tree.write("sys/module/one/initstate", "live\n");
  const after = await compare(host, gone, { filter: noFilter });
  assert.is(after.keep, undefined, "the scan is known");
  assert.equal(codesOf(after.plan), ["E_IN_USE"]);
  const allowed = await compare(host, gone, { filter: { ...noFilter, allowInUse: true } });
  assert.equal(codesOf(allowed.plan), [], "another question");
});

comparing("a plan without steps is known as it was kept", async ({ host }) => {
  const before = await compare(host, asIs, { filter: noFilter, mayKeep: true });
  assert.equal(before.plan.steps, []);
  before.keep?.();
  const known = await compare(host, asIs, { filter: noFilter });
  assert.equal(known.plan, before.plan);
  const kept = readKnownScan(host);
  assert.ok(typeof kept === "object" && kept !== null);
  const summary = { ...before.plan.summary, unchanged: 99 };
  const other = { ...kept, conclusion: { ...before.plan, summary } };
  const told = await compare(host, asIs, { filter: noFilter, knownScan: () => other });
  assert.is(told.plan.summary.unchanged, 99, "nothing was planned anew");
});

comparing.run();

function codesOf({ diagnostics }: { readonly diagnostics: readonly { readonly code: string }[] }): readonly string[] {
  return diagnostics.map(({ code }) => code);
}
