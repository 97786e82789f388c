import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { brief, diagnosticsOf, head, loadText, modules } from "./documents.ts";

const checking = suite("parseDocument");

function problems(text: string): readonly string[] {
  return diagnosticsOf(text).map(brief).sort();
}

function told(text: string): string {
  return diagnosticsOf(text)
    .map(({ message, hint }) => `${message} ${hint ?? ""}`)
    .join("\n");
}

checking("asks for what is missing", () => {
  assert.equal(problems("modules: []\n"), ["E_MISSING_KEY 1:1"]);
  assert.match(told("modules: []\n"), 'Write "apiVersion: dkms-agent/v1"');
  assert.equal(problems(modules("state: added")), ["E_MISSING_KEY 3:5", "E_MISSING_KEY 3:5"]);
});

checking("reads no other version of the format", () => {
  assert.match(told("apiVersion: v2\nmodules: []\n"), 'reads only "dkms-agent/v1"');
});

checking("knows where a key belongs that is not known where it is", () => {
  assert.match(told(`${head}modules: []\ntimeout: 20m\n`), "belongs to an entry of modules");
  assert.match(told(modules("name: a\nversion: 1\nunlisted: prune")), "belongs to the top");
  const slipped = told(`${head}modules:\n- name: a\nversion: 1\n`);
  assert.match(
    slipped,
    'no key "version" in a document. It belongs to an entry of modules, indented as deep as its name.',
  );
});

checking("says what kind of value is expected, and what it found", () => {
  assert.match(told("- a\n"), "The document is a list, where a mapping is expected.");
  assert.match(told(`${head}modules: {a: b}\n`), '"modules" is a mapping, where a list is expected.');
  assert.match(told(`${head}modules: {a: b}\n`), 'Begin each item with "- ".');
  assert.match(told(`${head}modules: [a]\n`), 'An item of "modules" is text, where a mapping is expected.');
  assert.match(told(`${head}modules: [a/1]\n`), 'Write "- name: NAME", and "version: VERSION" in a line below it.');
  assert.match(
    told("root:x:0\n"),
    'The document is text, where a mapping is expected. Write keys, each followed by ": "',
  );
  assert.match(told(modules("name: /usr/src/a-1\nversion: 1")), '"source", a directory, are keys of their own.');
  assert.match(told(`${head}modules:\n`), '"modules" is empty, where a list is expected.');
  assert.match(told(modules("name: [a]\nversion: 1")), '"name" is a list, where text is expected.');
  assert.match(told(modules("name: a\nversion: 1\nkernels: running")), "Write a list: [running].");
  assert.match(told(modules("name: a\nversion: 1\nkernels: [[a]]")), "is a list, where text or a mapping is expected.");
  assert.match(told(modules("name: a\nversion: 1\ndirectives: [a]")), '"directives" is a list, where a mapping');
  assert.match(told(modules("name: a\nversion: 1\nstate: [a]")), '"state" is a list, where text is expected.');
});

checking("lists what a value may be", () => {
  assert.match(told(modules("name: a\nversion: 1\nstate: loaded")), "It is one of installed, built, added, absent.");
  assert.match(told(modules("name: a\nversion: 1\nbuild: nevr")), 'Did you mean "never"?');
});

checking("takes exactly one key in a selector", () => {
  const kernels = (list: string) => problems(modules(`name: a\nversion: 1\nkernels: ${list}`));
  assert.equal(kernels("[{match: a, regex: b}]"), ["E_BAD_VALUE 5:15"]);
  assert.equal(kernels("[{}]"), ["E_BAD_VALUE 5:15"]);
  assert.equal(kernels("[{glob: a}]"), ["E_UNKNOWN_KEY 5:16"]);
  assert.equal(kernels("[running, {not: {not: a}}]"), ["E_UNKNOWN_KEY 5:31"]);
  assert.equal(kernels("[running, {not: {match: a, range: '>6'}}]"), ["E_BAD_VALUE 5:30"]);
  assert.equal(kernels("[]"), ["E_BAD_VALUE 5:14"]);
});

checking("points into nested selectors", () => {
  const kernels = "kernels:\n  - running\n  - not:\n      regex: (";
  assert.equal(problems(modules(`name: a\nversion: 1\n${kernels}`)), ["E_BAD_VALUE 8:18"]);
});

const digest = "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08";

checking("takes tarballs in their order, paths from the document's directory and digests in either case", () => {
  const list = `tarballs: [{path: ./b.tar.gz, sha256: ${digest}}, {path: /srv/a.tar, sha256: ${"0".repeat(64)}}]`;
  const { desired } = loadText(modules(`name: a\nversion: 1\n${list}`, "name: b\nversion: 1"));
  const [a, b] = desired?.modules ?? [];
  const directory = path.dirname(a?.position.file ?? "");
  assert.equal(a?.tarballs, [
    { path: path.join(directory, "b.tar.gz"), sha256: digest.toLowerCase() },
    { path: "/srv/a.tar", sha256: "0".repeat(64) },
  ]);
  assert.equal(b?.tarballs, []);
});

checking("points at what a tarball lacks, or has too much", () => {
  const tarballs = (list: string) => problems(modules(`name: a\nversion: 1\ntarballs: ${list}`));
  assert.equal(tarballs("[]"), ["E_BAD_VALUE 5:15"]);
  assert.equal(tarballs("/srv/a.tar"), ["E_WRONG_TYPE 5:15"]);
  assert.equal(tarballs("[/srv/a.tar]"), ["E_WRONG_TYPE 5:16"]);
  assert.equal(tarballs("[{path: /srv/a.tar}]"), ["E_MISSING_KEY 5:17"]);
  assert.equal(tarballs(`[{sha256: ${digest}}]`), ["E_MISSING_KEY 5:17"]);
  assert.equal(tarballs(`[{path: a, sha256: ${digest}, sha1: x}]`), ["E_UNKNOWN_KEY 5:100"]);
  assert.equal(tarballs(`[{path: a, sha256: ${digest}, kernels: x}]`), ["E_UNKNOWN_KEY 5:100"]);
  const text = modules("name: a\nversion: 1\ntarballs: [{path: /srv/a.tar}]");
  assert.match(told(text), "Every tarball has a path and a sha256, which sha256sum FILE prints");
});

checking("refuses digests that are none, and paths that are none", () => {
  for (const sha256 of ["''", "0", "x".repeat(64), digest.slice(1), `${digest}0`])
    assert.equal(problems(modules(`name: a\nversion: 1\ntarballs: [{path: a, sha256: ${sha256}}]`)), [
      "E_BAD_VALUE 5:34",
    ]);
  for (const file of ["''", '"a\\0b"', "~/a.tar", "https://example.org/a.tar"])
    assert.equal(problems(modules(`name: a\nversion: 1\ntarballs: [{path: ${file}, sha256: ${digest}}]`)), [
      "E_BAD_VALUE 5:23",
    ]);
});

checking("points at the tarball that is listed twice", () => {
  const item = (file: string) => `{path: ${file}, sha256: ${digest}}`;
  const text = modules(`name: a\nversion: 1\ntarballs:\n  - ${item("a")}\n  - ${item("b")}\n  - ${item("a")}`);
  assert.equal(problems(text), ["E_CONFLICT 8:9"]);
});

checking("refuses a source that is empty, holds a NUL, or waits for a shell", () => {
  for (const source of ['""', '"a\\0b"', "~/src"]) {
    assert.equal(problems(modules(`name: a\nversion: 1\nsource: ${source}`)), ["E_BAD_VALUE 5:13"]);
  }
});

checking("refuses a NUL in a directive", () => {
  assert.equal(problems(modules('name: a\nversion: 1\ndirectives: {MAKE: "a\\0"}')), ["E_BAD_VALUE 5:24"]);
});

checking("tells the rules that one entry breaks although another does not fit the schema", () => {
  const text = modules("name: a\nvesion: 1", "name: b\nversion: 1\nstate: absent\nsource: x");
  assert.equal(problems(text), ["E_CONFLICT 8:5", "E_MISSING_KEY 3:5", "E_UNKNOWN_KEY 4:5"]);
});

checking("says nothing twice about what an alias left behind", () => {
  assert.equal(problems(modules("name: &a b\nversion: 1", "name: *a\nversion: 1")), ["E_ALIAS 3:11", "E_ALIAS 5:11"]);
});

checking("refuses kernels for all modules that choose none", () => {
  assert.equal(problems(`${head}kernels: [{not: running}]\nmodules: []\n`), ["E_BAD_VALUE 2:1"]);
});

checking.run();
