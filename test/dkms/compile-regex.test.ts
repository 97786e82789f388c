import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { compileRegex } from "../../src/dkms/compile-regex.ts";
import { withinProcessorTime } from "../rig/within-processor-time.ts";

function matches(pattern: string, text: string): boolean {
  const compiled = compileRegex(pattern);
  assert.ok(compiled.ok, pattern);
  return compiled.value(text);
}

function complaint(pattern: string): string {
  const compiled = compileRegex(pattern);
  return compiled.ok ? "" : `${compiled.error.message} ${compiled.error.hint}`;
}

const compile = suite("compileRegex");

const texts = ["", "6.1.0-56-amd64", "6.12.117+deb12-amd64", "6.1.0-56-rt-amd64", "a\nb", "\u{1f600}", "aaaab", "(x)"];

for (const pattern of [
  "^6\\.(1|12)\\.",
  "-rt-",
  "^6\\.\\d+\\.\\d+(?:-\\d+)?-amd64$",
  "(?<release>6[.]1{1,2}2?)",
  "\\bamd64\\b",
  "\\B1",
  "a.b",
  "^.$",
  "^[^]{3}$",
  "[\\d\\]+]+deb",
  "\\p{Script=Latin}\\P{L}",
  "\\u{1f600}",
  "\\ud83d\\ude00",
  "\\x61\\u0062",
  "^(a*)*b$",
  "^(a|aa)+b",
  "(|a){3}",
  "a{0}6",
  "a{2,}?b",
  "^$",
  "$^",
  "\\(x\\)",
]) {
  compile(`${pattern} means what it means to JavaScript`, () => {
    for (const text of texts) assert.is(matches(pattern, text), new RegExp(pattern, "u").test(text), text);
  });
}

compile("is as JavaScript in everything that it takes", () => {
  const leaf = fc.constantFrom("a", "b", ".", "\\d", "[^a]", "^", "$", "\\b", "\\.", "[a-]", "");
  const patterns = fc.letrec<{ tree: string }>((tie) => ({
    tree: fc.oneof(
      { depthSize: "small" },
      leaf,
      fc.tuple(tie("tree"), tie("tree")).map(([first, second]) => first + second),
      fc.tuple(tie("tree"), tie("tree")).map(([first, second]) => `(${first}|${second})`),
      fc
        .tuple(tie("tree"), fc.constantFrom("*", "+", "?", "{2}", "{1,3}", "{2,}", "*?", "+?"))
        .map(([body, count]) => `(?:${body})${count}`),
    ),
  })).tree;
  const some = fc.array(fc.constantFrom("a", "b", "1", ".", "-"), { maxLength: 6 }).map((letters) => letters.join(""));
  fc.assert(
    fc.property(patterns, some, (pattern, text) => {
      const compiled = compileRegex(pattern);
      if (compiled.ok) assert.is(compiled.value(text), new RegExp(pattern, "u").test(text));
      else assert.match(compiled.error.message, "repeats too much");
    }),
    { numRuns: 3000 },
  );
});

for (const [pattern, why] of [
  ["(6", /Unterminated group/],
  ["a(?=b)", /Looking ahead or behind \(\(\?=\)/],
  ["a(?!b)", /Looking ahead/],
  ["(?<=a)b", /behind/],
  ["(?<!a)b", /behind/],
  ["(a)\\1", /A back reference \(\\1\)/],
  ["(?<x>a)\\k<x>", /A back reference/],
  ["((a{50}){50}){50}", /repeats too much/],
  ["(?:){999999999}", /repeats too much/],
] as const) {
  compile(`refuses ${pattern}`, () => {
    assert.match(complaint(pattern), why);
  });
}

compile("never takes long, whatever has to be tried", () => {
  const name = "6.1.0-56-amd64-".repeat(17).slice(0, 250);
  withinProcessorTime(900, () => {
    for (const pattern of ["^([a-z0-9.-]+)+$x", "^(([a-z0-9]|[^x])*)*y$", "(.*)".repeat(45), "(.?){90}(.){90}=$"])
      matches(`${pattern}=`, name);
  });
});

compile.run();
