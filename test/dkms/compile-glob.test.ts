import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { compileGlob } from "../../src/dkms/compile-glob.ts";
import { withinProcessorTime } from "../rig/within-processor-time.ts";

function matches(glob: string, text: string): boolean {
  const compiled = compileGlob(glob);
  assert.ok(compiled.ok, glob);
  return compiled.value(text);
}

function complaint(glob: string): string {
  const compiled = compileGlob(glob);
  return compiled.ok ? "" : `${compiled.error.message} ${compiled.error.hint}`;
}

const compile = suite("compileGlob");

compile("matches the whole text, and only wildcards are wild", () => {
  assert.is(matches("6.1.*-amd64", "6.1.0-56-amd64"), true);
  assert.is(matches("6.1.*-amd64", "6.1.0-56-amd64-unsigned"), false);
  assert.is(matches("6x1", "6.1"), false);
  assert.is(matches("6.12+deb?", "6.12+deb12"), false);
  assert.is(matches("", ""), true);
  assert.is(matches("", "6"), false);
  assert.is(matches("**", ""), true);
});

compile("knows brackets, ranges, negation and the named classes", () => {
  assert.is(matches("6.[1-39]", "6.2"), true);
  assert.is(matches("6.[1-39]", "6.4"), false);
  assert.is(matches("6.[!1-39]", "6.4"), true);
  assert.is(matches("6.[^1-39]", "6.2"), false);
  assert.is(matches("[[:digit:]].[[:digit:]a]", "6.a"), true);
  assert.is(matches("[[:digit:]].[![:digit:]]", "6.1"), false);
  assert.is(matches("[]-]", "-"), true);
  assert.is(matches("[]-]", "]"), true);
});

compile("takes a character beyond the basic plane for one", () => {
  assert.is(matches("?", "\u{1f600}"), true);
  assert.is(matches("[\u{1f600}]", "\u{1f600}"), true);
});

for (const [glob, why] of [
  ["6.[9-1]*", /9-1 runs backwards. Write it as 1-9/],
  ["6.[1", /not closed/],
  ["[]", /not closed/],
  ["[!]", /not closed/],
  ["[[:digits:]]", /\[:digits:\] is no class of characters. There are alpha, digit/],
  ["[[:digit]]", /no class/],
  ["[[=a=]]", /no class/],
  ["[a-[:digit:]]", /cannot end a range/],
  ["6\\.1", /backslash/],
  ["@(6.1|6.12).*", /@\(\.\.\.\) means nothing/],
  ["{6.1,6.12}.*", /\{6\.1,6\.12\} means nothing/],
] as const) {
  compile(`refuses ${glob}`, () => {
    assert.match(complaint(glob), why);
  });
}

compile("is as bash in everything that it takes", () => {
  const piece = fc.constantFrom(
    "*",
    "?",
    "[",
    "]",
    "-",
    "!",
    "^",
    "a",
    "b",
    "c",
    "1",
    "9",
    ".",
    "[a-b]",
    "[!",
    "[[:alpha:]1",
    "é",
  );
  const globs = fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join(""));
  const texts = fc.array(fc.constantFrom("a", "b", "c", "1", "9", ".", "-", "]", "[", "!", "^"), { maxLength: 7 });
  const pairs = fc
    .sample(fc.record({ glob: globs, text: texts.map((letters) => letters.join("")) }), { numRuns: 6000, seed: 6 })
    .filter(({ glob }) => compileGlob(glob).ok);
  assert.ok(pairs.length > 1000);
  const script = "while (($#)); do if [[ $2 == $1 ]]; then echo true; else echo false; fi; shift 2; done";
  const words = pairs.flatMap(({ glob, text }) => [glob, text]);
  const said = execFileSync("bash", ["-c", script, "bash", ...words], { encoding: "utf8", env: { LC_ALL: "C" } });
  const expected = said.trim().split("\n");
  assert.ok(expected.includes("true"));
  const ours = pairs.map(({ glob, text }) => ({ glob, text, matches: String(matches(glob, text)) }));
  assert.equal(
    ours,
    pairs.map((pair, index) => ({ ...pair, matches: expected[index] })),
  );
});

compile("never takes long, however many stars do not match", () => {
  withinProcessorTime(500, () => assert.is(matches(`${"*a".repeat(99)}*b`, "a".repeat(250)), false));
});

compile.run();
