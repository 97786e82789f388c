import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { planFacts } from "../../src/commands/plan-facts.ts";
import { insecurePlanFile, loadPlanFile } from "../../src/commands/plan-file.ts";
import { assemblePlan } from "../../src/plan/assemble-plan.ts";
import { planDocument } from "../../src/report/plan-document.ts";
import { filesRefusing } from "../rig/failing-files.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";
import { actualState, desiredState } from "../rig/world.ts";

interface Context {
  tree: TreeBuilder;
  file: string;
}

const files = suite<Context>("loadPlanFile");

const desired = desiredState({ "good/1": {} });
const actual = actualState({ sources: { "good/1": { inTree: "s" } } });
const filter = { modules: [{ name: "good", version: "1" }], kernel: undefined, retry: false };
const plan = assemblePlan(desired, actual, filter);

function original({ tree }: Context) {
  return planDocument(plan, planFacts(tree.host(), { desired, filter, compared: { actual, plan } }));
}

files.before.each((context) => {
  context.tree = dkmsTree();
  context.file = context.tree.write("x.plan", JSON.stringify(original(context)));
});
files.after.each(({ tree }) => tree.remove());

function refused({ tree, file }: Context, message: RegExp): void {
  const loaded = loadPlanFile(tree.host(), file);
  if (loaded.ok) throw new Error("it was taken for a plan");
  assert.match(loaded.error.message, message);
  assert.match(loaded.error.message, file);
  assert.is(loaded.error.code, "E_BAD_PLAN");
}

files("reads back what was saved", ({ tree, file }) => {
  const loaded = loadPlanFile(tree.host(), file);
  assert.ok(loaded.ok);
  const { saved, document } = loaded.value;
  assert.equal(saved.filter, { ...filter, allowInUse: false });
  assert.equal(
    saved.steps,
    plan.steps.map(({ kind, address }) => ({ kind, address })),
  );
  assert.is(saved.planId, document.plan_id);
  assert.is(saved.machine.machineId, undefined);
  assert.ok(saved.observed.length > 3);
});

files(
  "what a step would run is not even read, and unknown fields of a later minor version are passed over",
  (context) => {
    const { tree, file } = context;
    const document = original(context);
    const steps = document.steps.map((step) => ({ ...step, command: "touch /tmp/owned", args: ["x"] }));
    fs.writeFileSync(file, JSON.stringify({ ...document, format_version: "1.9", more: {}, steps }));
    const loaded = loadPlanFile(tree.host(), file);
    assert.ok(loaded.ok);
    assert.not.match(JSON.stringify(loaded.value), "owned");
  },
);

files("refuses another major version, and says which", (context) => {
  fs.writeFileSync(context.file, JSON.stringify({ ...original(context), format_version: "2.0" }));
  refused(context, /format_version is 2\.x, and this program reads 1\.x/);
});

files("refuses steps that no plan has", (context) => {
  const document = original(context);
  const [step] = document.steps;
  const put = (change: object) =>
    fs.writeFileSync(context.file, JSON.stringify({ ...document, steps: [{ ...step, ...change }] }));
  put({ kind: "run" });
  refused(context, /is not a saved plan: steps\.0\.kind/);
  for (const [kind, address] of [
    ["add", "../../etc/1.0"],
    ["remove", "good"],
    ["build", "good/1"],
    ["install", "good/1@../x86_64"],
    ["depmod", "good/1@K1/x86_64"],
    ["sweep", "../good"],
  ]) {
    put({ kind, address });
    refused(context, /a step cannot be about/);
  }
});

files("refuses what is no plan at all", (context) => {
  for (const text of ["", "[]", "null", '{"format_version": 1}', "{", "\0\xff"]) {
    fs.writeFileSync(context.file, text);
    refused(context, /is not a saved plan/);
  }
  const document = context.tree.write("modules.yaml", "modules: []\n");
  const loaded = loadPlanFile(context.tree.host(), document);
  assert.match(loaded.ok ? "" : (loaded.error.remedy ?? ""), "named with -f");
  fs.truncateSync(context.file, 1 << 30);
  refused(context, /larger than/);
  fs.rmSync(context.file);
  refused(context, /There is no file/);
  fs.mkdirSync(context.file);
  refused(context, /it is not a file/);
});

files("tells what the system refuses", ({ file }) => {
  const loaded = loadPlanFile({ files: filesRefusing(file) }, file);
  assert.is(loaded.ok ? "ok" : loaded.error.code, "E_PERMISSION");
});
files.run();

const insecure = suite("insecurePlanFile");

insecure("names who else can write to it, for root alone", () => {
  const tree = dkmsTree();
  const file = tree.write("x.plan", "{}");
  const root = tree.host({ machine: { uid: 0 } });
  assert.is(insecurePlanFile(root, file), undefined);
  fs.chmodSync(file, 0o666);
  assert.match(insecurePlanFile(root, file)?.message ?? "", "can be written by everybody");
  assert.is(insecurePlanFile(tree.host({ machine: { uid: 1000 } }), file), undefined);
  tree.remove();
});
insecure.run();
