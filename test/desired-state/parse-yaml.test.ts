import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { mostTokens, parseYaml } from "../../src/desired-state/parse-yaml.ts";
import { createSourceText } from "../../src/desired-state/source-text.ts";
import { entryAt, toPlain } from "../../src/desired-state/tree.ts";

const parsing = suite("parseYaml");

function parse(text: string) {
  return parseYaml(createSourceText("f", text), mostTokens);
}

/** YAML contains JSON, and JSON.parse is somebody else's. */
parsing("reads JSON as JSON.parse does", () => {
  // Filtered out: what JSON leaves as it is, and YAML does not allow.
  const text = fc.string({ unit: "grapheme" }).filter((value) => !/[\u007f-\u009f\ufeff]/.test(value));
  const key = text.filter((value) => value !== "__proto__");
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof({ maxDepth: 4 }, text, fc.array(tie("tree")), fc.dictionary(key, tie("tree"))),
  }));
  fc.assert(
    fc.property(tree, fc.constantFrom(undefined, 2), (value, indent) => {
      fc.pre(value !== "");
      const { value: read, faults } = parse(JSON.stringify(value, null, indent));
      assert.equal(faults, []);
      assert.equal(JSON.parse(JSON.stringify(read && toPlain(read))), JSON.parse(JSON.stringify(value)));
    }),
  );
});

parsing("remembers where keys and values stand", () => {
  const { value: tree } = parse("a: b\nlist:\n  - c: d\n");
  const { key, value } = (tree && entryAt(tree, ["list", 0, "c"])) ?? {};
  assert.equal(key, { start: 15, end: 16 });
  assert.equal(value?.span, { start: 18, end: 19 });
  assert.is(tree && entryAt(tree, ["list", 1]), undefined);
  assert.is(tree && entryAt(tree, ["a", "x"]), undefined);
});

parsing("makes objects without a prototype", () => {
  const { value: tree } = parse("a: {constructor: b}\n");
  assert.is(Object.getPrototypeOf(tree && toPlain(tree)), null);
});

const broken: Readonly<Record<string, string>> = {
  "a: [b\n": "E_YAML_SYNTAX",
  "a: 'b\n": "E_YAML_SYNTAX",
  'a: "\\q"\n': "E_YAML_SYNTAX",
  "a: b: c\n": "E_YAML_SYNTAX",
  "a:\n  b: 1\n c: 2\n": "E_YAML_SYNTAX",
  "a: *\n": "E_YAML_SYNTAX",
  "a: @b\n": "E_YAML_SYNTAX",
  "a:\n\tb: c\n": "E_YAML_SYNTAX",
  "a\nb: c\n": "E_YAML_SYNTAX",
  "a: b\nc\n": "E_YAML_SYNTAX",
};

for (const [text, code] of Object.entries(broken)) {
  parsing(`tells about ${JSON.stringify(text)} in a sentence, with a place`, () => {
    const { value, faults } = parse(text);
    assert.is(value, undefined);
    assert.is(faults[0]?.fault.code, code);
    assert.match(faults[0]?.fault.message ?? "", /^[A-Z].*\.$/s);
    assert.ok(faults[0]?.at);
  });
}

parsing("warns of a directive that it does not know", () => {
  const { value, faults } = parse("%FOO bar\n---\na: b\n");
  assert.ok(value);
  assert.equal(
    faults.map(({ fault }) => fault.code),
    ["W_YAML"],
  );
});

parsing("hints at quotes where a value begins with an asterisk", () => {
  assert.match(parse("version: *\n").faults[0]?.fault.hint ?? "", '"*"');
  assert.match(parse("match: *-amd64\n").faults[0]?.fault.hint ?? "", '"*-amd64"');
});

/** Once each: of a line that is indented wrongly the parser complains for as long as it has lost its way. */
const slips: Readonly<Record<string, RegExp>> = {
  "l:\n  - a: 1\n   b: 2\n": /begins no item of it\. Indent it as deep as the key above it/,
  "l:\n  - a: 1\n      b: 2\n": /key or list begins inside this value\. If it is in the next line, indent that less/,
  "l:\n  - a: 1\n      - b: 2\n": /key or list begins inside this value\./,
  "l:\n  -a: 1\n   b: 2\n": /key or list begins inside this value\./,
  "l:\n  - a: 1\n  b: 2\n": /indented differently/,
  " a: 1\nb: [2]\n": /cannot stand after what is before it\. Look at the indentation/,
  'a: "b\nc: d\n': /in quotes does not end\. Its closing quote is missing/,
  "a: [b\nc: d\n": /bracket or brace has no end\. The "\]" or "\}" is missing/,
  "range: >=6.1\n": /begins with ">" .* Put it in quotes/,
  "l:\n  - a:1\n    b: 2\n": /must be on one line, followed by ": "\./,
};

for (const [text, words] of Object.entries(slips)) {
  parsing(`tells once, and with a remedy, what is wrong with ${JSON.stringify(text)}`, () => {
    const told = parse(text).faults.map(({ fault }) => `${fault.message} ${fault.hint}`);
    assert.is(told.length, 1, told.join("\n"));
    assert.match(told[0] ?? "", words);
  });
}

parsing("counts words and marks, and stops at the limit", () => {
  const source = createSourceText("f", "a: b\n");
  const { tokens, value } = parseYaml(source, 100);
  assert.ok(value && tokens > 3 && tokens < 20);
  assert.is(parseYaml(source, tokens - 1).faults[0]?.fault.code, "E_TOO_LARGE");
});

parsing.run();
