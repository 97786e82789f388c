import { suite } from "uvu";
import * as assert from "uvu/assert";
import { mergeDocuments } from "../../src/desired-state/merge-documents.ts";
import { parseDocument } from "../../src/desired-state/parse-document.ts";
import { mostTokens } from "../../src/desired-state/parse-yaml.ts";
import { toDiagnostic } from "../../src/desired-state/placed-fault.ts";
import { createSourceText } from "../../src/desired-state/source-text.ts";
import { brief, head, modules } from "./documents.ts";

const merging = suite("mergeDocuments");

/** The problems of documents `/0.yaml`, `/1.yaml` and so on, as `file CODE line:column`. */
function problems(...texts: readonly string[]): readonly string[] {
  return merge(...texts)
    .faults.map(toDiagnostic)
    .map((fault) => `${fault.file} ${brief(fault)}`);
}

function merge(...texts: readonly string[]) {
  const sources = texts.map((text, index) => createSourceText(`/${index}.yaml`, text));
  return mergeDocuments(sources.flatMap((source) => parseDocument(source, mostTokens).value ?? []));
}

merging("refuses one module in two documents, and names both places", () => {
  const texts = [modules("name: a\nversion: 1"), modules("version: 1\nname: a")] as const;
  assert.equal(problems(...texts), ["/1.yaml E_DUPLICATE_MODULE 4:11"]);
  assert.match(merge(...texts).faults[0]?.fault.message ?? "", "a/1 is listed already in /0.yaml, line 3");
});

merging("refuses every further mention of a module", () => {
  const entry = "{name: a, version: 1, state: absent}";
  assert.is(problems(`${head}modules: [${entry}, ${entry}, ${entry}]`).length, 2);
});

merging("counts every version as each of them", () => {
  const every = 'name: a\nversion: "*"\nstate: absent';
  const one = "name: a\nversion: 1\nstate: absent";
  const codes = ["/0.yaml E_DUPLICATE_MODULE 6:11"];
  assert.equal(problems(modules(every, every)), codes);
  assert.equal(problems(modules(every, one)), codes);
  assert.equal(problems(modules(one, every)), ["/0.yaml E_DUPLICATE_MODULE 3:11"]);
  assert.equal(problems(modules(one, one.replace("1", "2"))), []);
});

merging("tells names apart that other programs might not", () => {
  assert.equal(problems(modules("name: a\nversion: b-1", "name: a-b\nversion: 1\nkernels: [newest]")), []);
  const odd = ["constructor", "hasOwnProperty", "toString"].map((name) => `name: ${name}\nversion: 1`);
  assert.equal(problems(modules(...odd)), []);
});

merging("refuses two installed versions for the same kernels, in whatever order these are named", () => {
  const one = (version: number, kernels: string) => `name: a\nversion: ${version}\nkernels: [${kernels}]`;
  assert.equal(problems(modules(one(1, "running, newest"), one(2, "newest, running"))), ["/0.yaml E_CONFLICT 6:11"]);
  assert.equal(problems(modules(one(1, "running, newest"), "name: a\nversion: 2")), ["/0.yaml E_CONFLICT 6:11"]);
  assert.equal(problems(modules(one(1, "6.1.1"), one(2, "6.1.2"))), []);
  assert.equal(problems(modules(one(1, "newest"), `${one(2, "newest")}\nstate: built`)), []);
});

merging("takes a setting said twice only if it is the same", () => {
  const settings = (kernels: string, unlisted: string) => `${head}kernels: [${kernels}]\nunlisted: ${unlisted}\n`;
  assert.equal(problems(settings("newest, running", "prune"), settings("running, newest", "prune")), []);
  assert.equal(problems(settings("newest", "prune"), settings("running", "report")), [
    "/1.yaml E_CONFLICT 2:1",
    "/1.yaml E_CONFLICT 3:1",
  ]);
});

merging.run();
