import { suite } from "uvu";
import * as assert from "uvu/assert";
import { hang, paint, plainTerminal, printable, truncate, wrap } from "../../src/report/terminal.ts";
import { terminalOf } from "./terminal-of.ts";

const painting = suite("paint");

painting("colours a text where the terminal shows colours", () => {
  assert.is(paint(terminalOf(80, true), "bad", "x"), "\u001b[31mx\u001b[39m");
});

painting("leaves it alone everywhere else, whatever the process's own stdout is", () => {
  assert.is(paint(terminalOf(80, false), "bad", "x"), "x");
  assert.is(paint(plainTerminal, "good", "x"), "x");
});

painting("does not colour nothing", () => {
  assert.is(paint(terminalOf(80, true), "bad", ""), "");
});
painting.run();

const cleaning = suite("printable");

cleaning("takes out what a terminal would obey", () => {
  assert.is(printable("\u001b[1;31merror:\u001b[0m no"), "error: no");
  assert.is(printable("\u001b]0;title\u0007text"), "text");
  assert.is(printable("a\u0008b\u0007c\r"), "a\ufffdb\ufffdc\ufffd");
  assert.is(printable("\u009b31m"), "\ufffd31m");
});

cleaning("keeps everything else", () => {
  assert.is(printable("\tif (x) ‘é’ 漢"), "    if (x) ‘é’ 漢");
});
cleaning.run();

const wrapping = suite("wrap");

wrapping("breaks at spaces, and never inside a word", () => {
  assert.equal(wrap("one two three", 8), ["one two", "three"]);
  assert.equal(wrap("a verylongword b", 6), ["a", "verylongword", "b"]);
});

wrapping("leaves a text that fits, and any text where there is no limit", () => {
  assert.equal(wrap("one two", 7), ["one two"]);
  assert.equal(wrap("one two", Number.POSITIVE_INFINITY), ["one two"]);
});

wrapping("does not count colours", () => {
  const red = paint(terminalOf(80, true), "bad", "one");
  assert.equal(wrap(`${red} two`, 7), [`${red} two`]);
});
wrapping.run();

const hanging = suite("hang");

hanging("puts the text beside its beginning, all lines alike", () => {
  assert.equal(hang("  → ", "install the headers of that kernel", 24), [
    "  → install the headers",
    "    of that kernel",
  ]);
});

hanging("gives the text some room even where there is none", () => {
  assert.equal(hang(" ".repeat(30), "a b", 10), [`${" ".repeat(30)}a b`]);
});
hanging.run();

const cutting = suite("truncate");

cutting("says with an ellipsis that something is missing", () => {
  assert.is(truncate("abcdef", 6), "abcdef");
  assert.is(truncate("abcdef", 4), "abc…");
});
cutting.run();
