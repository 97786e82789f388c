import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createSourceText, positionAt, quote, snippetAt } from "../../src/desired-state/source-text.ts";

const position = suite("positionAt");

position("counts lines and characters from 1", () => {
  const source = createSourceText("f", "ab\nc😀d\r\n\ne");
  const at = (offset: number) => Object.values(positionAt(source, offset));
  assert.equal(at(0), [1, 1]);
  assert.equal(at(2), [1, 3]);
  assert.equal(at(3), [2, 1]);
  assert.equal(at(6), [2, 3]);
  assert.equal(at(9), [3, 1]);
  assert.equal(at(11), [4, 2]);
});

position("agrees with counting by hand", () => {
  const text = fc
    .array(fc.constantFrom("a", "\n", "😀", "é", "\r\n", " "), { maxLength: 60 })
    .map((all) => all.join(""));
  fc.assert(
    fc.property(text, fc.nat(60), (whole, characters) => {
      const before = [...whole].slice(0, characters).join("");
      const lines = before.split("\n");
      const expected = { line: lines.length, column: [...(lines.at(-1) ?? "")].length + 1 };
      assert.equal(positionAt(createSourceText("f", whole), before.length), expected);
    }),
  );
});

position.run();

const snippet = suite("snippetAt");

snippet("shows the whole of a short line, tabs and controls as one character each", () => {
  const source = createSourceText("f", "x\n\tname: a\u001bb\r\n");
  assert.equal(snippetAt(source, { start: 3, end: 7 }), { text: " name: a\ufffdb", caretColumn: 2, caretLength: 4 });
});

snippet("shows a long line around the place", () => {
  const line = `${"a".repeat(500)}HERE${"b".repeat(500)}`;
  const { text, caretColumn, caretLength } = snippetAt(createSourceText("f", line), { start: 500, end: 504 });
  assert.is(text.slice(caretColumn - 1, caretColumn - 1 + caretLength), "HERE");
  assert.is(text.length, 122);
  assert.is(caretColumn, 52);
  assert.ok(text.startsWith("…") && text.endsWith("…"));
});

snippet("counts characters, not code units", () => {
  const source = createSourceText("f", "😀😀: x");
  assert.equal(snippetAt(source, { start: 6, end: 7 }), { text: "😀😀: x", caretColumn: 5, caretLength: 1 });
  assert.is(snippetAt(source, { start: 0, end: 4 }).caretLength, 2);
});

snippet("ends the caret with the line, and always shows one", () => {
  const source = createSourceText("f", "ab\ncd");
  assert.is(snippetAt(source, { start: 0, end: 5 }).caretLength, 2);
  assert.is(snippetAt(source, { start: 2, end: 2 }).caretLength, 1);
});

snippet.run();

const quoting = suite("quote");

quoting("keeps a value short and harmless", () => {
  assert.is(quote("a b"), '"a b"');
  assert.is(quote("a\nb\u202ec"), '"a\ufffdb\ufffdc"');
  assert.is(quote("x".repeat(100)).length, 62);
});

quoting.run();
