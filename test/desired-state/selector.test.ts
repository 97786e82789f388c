import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseRegex, parseSelector, type SelectorShape } from "../../src/desired-state/selector.ts";

const selecting = suite("parseSelector");

const value = (shape: SelectorShape) => {
  const parsed = parseSelector(shape);
  return parsed.ok ? parsed.value : undefined;
};

const complaint = (shape: SelectorShape) => {
  const parsed = parseSelector(shape);
  return parsed.ok ? "" : `${parsed.error.message} ${parsed.error.hint}`;
};

selecting("knows the words", () => {
  for (const kind of ["running", "newest", "installed", "with-headers"]) assert.equal(value(kind), { kind });
});

selecting("takes what looks like a release for one", () => {
  assert.equal(value("6.1.0-56-amd64"), { kind: "exact", release: "6.1.0-56-amd64" });
  assert.equal(value("4.18.0"), { kind: "exact", release: "4.18.0" });
});

selecting("asks whether a misspelt word was meant", () => {
  assert.match(complaint("newst"), 'Did you mean "newest"?');
  assert.match(complaint("with-header"), 'Did you mean "with-headers"?');
  assert.match(complaint("v6.1"), "running, newest, installed, with-headers, or a release");
});

selecting("shows where patterns and ranges go", () => {
  assert.match(complaint("6.1.*"), `'match: "6.1.*"'`);
  assert.match(complaint(">=6.1"), "range: '>=6.1'");
});

selecting("reads one rule of each kind", () => {
  assert.equal(value({ match: "*-amd64" }), { kind: "match", glob: "*-amd64" });
  assert.equal(value({ regex: "^6" }), { kind: "regex", pattern: "^6" });
  assert.equal(value({ range: ">6" }), { kind: "range", bounds: [{ operator: ">", version: "6" }] });
});

selecting("reads what not takes away: a glob, a release, a word, a rule", () => {
  assert.equal(value({ not: "*-rt-*" }), { kind: "not", selector: { kind: "match", glob: "*-rt-*" } });
  assert.equal(value({ not: "6.1.0" }), { kind: "not", selector: { kind: "match", glob: "6.1.0" } });
  assert.equal(value({ not: "running" }), { kind: "not", selector: { kind: "running" } });
  assert.equal(value({ not: { regex: "rt" } }), { kind: "not", selector: { kind: "regex", pattern: "rt" } });
  assert.match(complaint({ not: "runing" }), 'Did you mean "running"?');
});

for (const shape of ["", "6.1/amd64", "6. 1", { match: "" }, { match: "a/b" }, { not: "" }, { range: "" }, {}]) {
  selecting(`refuses ${JSON.stringify(shape)}`, () => {
    assert.is(value(shape), undefined);
    assert.ok(complaint(shape));
  });
}

selecting("refuses what looks like a glob and is none, also behind not", () => {
  for (const glob of ["6.[9-1]*", "6.[1", "6.[[:digits:]]", "6\\.1", "@(6.1|6.12)*"]) {
    assert.match(complaint({ match: glob }), `The pattern "${glob}" is not usable: `);
    assert.is(value({ not: { match: glob } }), undefined);
  }
  assert.match(complaint({ not: "6.[9-1]*" }), "Write it as 1-9.");
  assert.equal(value({ match: "6.[[:digit:]]*" }), { kind: "match", glob: "6.[[:digit:]]*" });
});

selecting.run();

const regex = suite("parseRegex");

regex("refuses what does not compile with the flag u, what is empty, what is long", () => {
  for (const pattern of ["(", "[", "a{2,1}", "\\-", "", "a".repeat(201)]) assert.is(parseRegex(pattern).ok, false);
  assert.is(parseRegex("a".repeat(200)).ok, true);
});

regex("says why", () => {
  const parsed = parseRegex("(6");
  assert.match(parsed.ok ? "" : parsed.error.message, 'The regular expression "(6" is not usable: Unterminated group.');
});

regex("refuses what could not be answered within a time that is known", () => {
  for (const pattern of ["(?=6)", "(?<!rt)-amd64", "(6)\\1", "(?:a{99}){99}"]) {
    const parsed = parseRegex(pattern);
    assert.is(parsed.ok ? "" : parsed.error.code, "E_BAD_VALUE");
  }
  assert.is(parseRegex("^([a-z0-9.-]+)+$x").ok, true);
});

regex.run();
