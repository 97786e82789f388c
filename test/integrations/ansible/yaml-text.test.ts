import { execFileSync } from "node:child_process";
import path from "node:path";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseDesired } from "../../../src/desired-state/load-desired.ts";
import { collection } from "../../rig/ansible.ts";
import { testNeeding } from "../../rig/test-needing.ts";

const writing = suite("document_text of the Ansible collection");

/** What its own Python writes for modules, each a mapping as Ansible hands it over. */
function written(modules: readonly object[]): readonly string[] {
  const script = [
    "import json, sys",
    `sys.path.insert(0, ${JSON.stringify(path.join(collection, "plugins/module_utils"))})`,
    "from yaml_text import BadValue, document_text",
    "def text(module):",
    "    try:",
    "        return document_text('Remark', {}, [module])",
    "    except BadValue as error:",
    "        return 'BadValue: ' + str(error)",
    "print(json.dumps([text(module) for module in json.load(sys.stdin)]))",
  ].join("\n");
  const input = JSON.stringify(modules);
  return JSON.parse(execFileSync("/usr/bin/python3", ["-B", "-c", script], { input, encoding: "utf8" }));
}

const value = fc.string({ unit: "binary", maxLength: 12 }).filter((text) => !text.includes("\0"));

testNeeding(writing, ["ansible"], "whatever a text is, the agent reads the same text", () => {
  const texts = [
    ...[
      "no",
      "1.10",
      "null",
      "~",
      "- a",
      "a: b",
      "# a",
      "'",
      '"',
      "\\",
      "\t",
      "\n",
      "\x7f",
      "\x85",
      "\u2028",
      "\ufeff",
      "🚀",
    ],
    ...fc.sample(value, 500),
  ];
  const documents = written(texts.map((text) => ({ name: "demo", version: "1", directives: { STRIP: text } })));
  for (const [at, document] of documents.entries()) {
    const { desired, diagnostics } = parseDesired("/d.yaml", document);
    assert.is(desired?.modules[0]?.directives.STRIP, texts[at], `${document}${JSON.stringify(diagnostics)}`);
  }
});

testNeeding(
  writing,
  ["ansible"],
  "what YAML has made of a text in a playbook is undone, or refused where nobody knows it",
  () => {
    const [words, number, nothing] = written([
      { name: "demo", version: 2, protect: true, directives: { STRIP: false }, kernels: ["newest", { not: 7 }] },
      { name: "demo", version: 1.1 },
      { name: "demo", version: "1", source: null },
    ]);
    assert.is(
      words,
      [
        "# Remark",
        "apiVersion: dkms-agent/v1",
        "modules:",
        "  - name: demo",
        '    version: "2"',
        '    protect: "true"',
        '    directives: {STRIP: "no"}',
        '    kernels: [newest, {not: "7"}]',
        "",
      ].join("\n"),
    );
    assert.match(number ?? "", "BadValue: modules[0].version: YAML has read it as the number 1.1");
    assert.match(nothing ?? "", "BadValue: modules[0].source: it has no value");
  },
);

writing.run();
