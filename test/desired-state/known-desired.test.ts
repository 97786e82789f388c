import { createHash } from "node:crypto";
import fs from "node:fs";
import process from "node:process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { DesiredState } from "../../src/desired-state/desired-state.ts";
import { keepDesired, readKnownDesired } from "../../src/desired-state/known-desired.ts";
import { loadDesired } from "../../src/desired-state/load-desired.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";

const kept = "var/lib/dkms/.dkms-agent/desired.json";
const document = `apiVersion: dkms-agent/v1
kernels: [running, {match: "6.1.*"}, {not: "*-rt-*"}, {range: ">=6.1 <7"}, {regex: "^6"}]
modules:
  - {name: demo, version: 1.0, source: ./demo, directives: {STRIP: "no"}, timeout: 20m}
  - {name: gone, version: "*", state: absent}
`;

interface Context {
  tree: TreeBuilder;
  desired: DesiredState;
}

const known = suite<Context>("readKnownDesired");
known.before.each((context) => {
  context.tree = dkmsTree();
  fs.mkdirSync(context.tree.at("var/lib/dkms/.dkms-agent"), { recursive: true });
  context.tree.write("documents/one.yaml", document);
  context.desired = load(context.tree);
  keepDesired(context.tree.host(), context.desired, "1.0.0");
});
known.after.each(({ tree }) => tree.remove());

known("is what the documents were found to ask for", ({ tree, desired }) => {
  assert.is(JSON.stringify(read(tree)), JSON.stringify(desired));
  assert.is(desired.modules.length, 2);
});

known("is not written again while it is the same", ({ tree, desired }) => {
  const { ino } = fs.statSync(tree.at(kept));
  keepDesired(tree.host(), read(tree) ?? desired, "1.0.0");
  assert.is(fs.statSync(tree.at(kept)).ino, ino);
});

known("is of these texts, at this place, and of this version of the program", ({ tree }) => {
  assert.is(read(tree, { toolBuild: "1.0.1" }), undefined);
  const copy = tree.write("copies/one.yaml", document);
  assert.is(readKnownDesired(tree.host(), [tree.at("copies")], options), undefined);
  assert.is(readKnownDesired(tree.host(), [copy], options), undefined);
  assert.is(readKnownDesired(tree.host(), [tree.at("documents"), copy], options), undefined);
  assert.is(readKnownDesired(tree.host(), [tree.at("documents/one.yaml")], options), undefined);
  const second = tree.write("documents/two.yaml", "apiVersion: dkms-agent/v1\nunlisted: ignore\n");
  assert.is(read(tree), undefined);
  keepDesired(tree.host(), load(tree), "1.0.0");
  assert.is(read(tree)?.unlisted, "ignore");
  fs.rmSync(second);
  assert.is(read(tree), undefined);
  keepDesired(tree.host(), load(tree), "1.0.0");
  tree.write("documents/one.yaml", document.replace("20m", "21m"));
  assert.is(read(tree), undefined);
  fs.rmSync(tree.at("documents"), { recursive: true });
  assert.is(read(tree), undefined);
});

known("does not count where something is wrong with the files themselves", ({ tree }) => {
  const ignored = tree.write("documents/two.yml", document);
  assert.is(read(tree), undefined, "a file that is ignored, with a warning");
  fs.rmSync(ignored);
  fs.chmodSync(tree.at("documents/one.yaml"), 0o666);
  const mayObey = process.getuid?.() !== 0;
  assert.is(read(tree) !== undefined, mayObey, "others can write the document");
  assert.ok(read(tree, { allowInsecureFiles: true }));
});

known("takes no notice of what somebody else could have written, or what is not whole", ({ tree }) => {
  const place = tree.at(kept);
  const text = fs.readFileSync(place, "utf8");
  fs.chmodSync(place, 0o666);
  assert.is(read(tree), undefined, "others can write it");
  fs.chmodSync(place, 0o600);
  fs.renameSync(place, `${place}.moved`);
  fs.symlinkSync(`${place}.moved`, place);
  assert.is(read(tree), undefined, "a link");
  fs.rmSync(place);
  const empty = createHash("sha256").update("{}").digest("hex");
  for (const wrong of [
    "",
    "{}",
    text.slice(0, -1),
    text.replace("demo", "omed"),
    `dkms-agent desired 2, 1.0.0, ${empty}\n{}`,
  ]) {
    fs.writeFileSync(place, wrong, { mode: 0o600 });
    assert.is(read(tree), undefined, wrong);
  }
  fs.writeFileSync(place, text);
  assert.ok(read(tree));
  if (process.getuid?.() !== 0) return;
  fs.chownSync(place, 65_534, 65_534);
  assert.is(read(tree), undefined, "of another user");
});

const options = { allowInsecureFiles: false, toolBuild: "1.0.0" };

function read(tree: TreeBuilder, more: Partial<typeof options> = {}): DesiredState | undefined {
  return readKnownDesired(tree.host(), [tree.at("documents")], { ...options, ...more });
}

function load(tree: TreeBuilder): DesiredState {
  const { desired, diagnostics } = loadDesired(tree.host(), [tree.at("documents")], options);
  if (!desired) throw new Error(JSON.stringify(diagnostics));
  return desired;
}

known.run();
