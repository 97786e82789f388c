import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { rereadScript } from "../../../src/dkms/conf/bash-scripts.ts";
import { collapse, rereadStatically } from "../../../src/dkms/conf/reread-value.ts";
import { askBash } from "./ask-bash.ts";

const collapsing = suite("collapse");

collapsing("makes runs of white space one blank, as dell/dkms 3.2.2 does", () => {
  assert.is(collapse("   lead trail   "), " lead trail ");
  assert.is(collapse("configure\n  --prefix=/usr\n"), "configure --prefix=/usr ");
  assert.is(collapse("x\v\fy\r"), "x\v\fy");
  assert.is(collapse("y\r\r"), "y\r");
  assert.is(collapse("x\r \t"), "x\r ");
});

const reread = suite("rereadStatically");

const variables = new Map([
  ["module", "demo"],
  ["spaced", "a  b"],
]);
const scope = () => new Map(Array.from(variables, ([name, value]) => [name, new Map([[0, value]])]));

reread("expands what the file had quoted", () => {
  assert.is(rereadStatically("make M=$module-\\$kernelver \\n", scope()), "make M=demo-$kernelver \\n");
});

reread("takes double quotes away where nothing but a word stands between them", () => {
  assert.is(rereadStatically('"make" CC="gcc-12" x', scope()), "make CC=gcc-12 x");
});

reread("leaves to bash what it does not know", () => {
  for (const value of ["$(date)", "`date`", "$1", 'a "b c" d', 'a "b" c" d', "x\\", "$HOME", '"a;b"', '"~"']) {
    assert.is(rereadStatically(value, scope()), undefined, value);
  }
});

reread("never says anything else than bash", async () => {
  const runs = Number(process.env.DKMS_AGENT_PROPERTY_RUNS ?? 600);
  const trials = fc.sample(text, runs).flatMap((value) => {
    const read = rereadStatically(value, scope());
    return read === undefined ? [] : [{ value, read }];
  });
  const pairs = trials.flatMap(({ value }, at) => [`X${at}`, value]);
  const [answer = ""] = await askBash(rereadScript, [
    ["MARK", String(variables.size), ...[...variables].flat(), ...pairs],
  ]);
  const values = answer.split("\0");
  assert.is(values[trials.length], "MARK");
  for (const [at, { value, read }] of trials.entries()) assert.is(values[at], read, JSON.stringify(value));
  assert.ok(trials.length > runs / 5 && trials.length < runs, `${trials.length} of ${runs} were read`);
});

reread("keeps quotes around blanks, which dell/dkms loses with the whole value", async () => {
  const value = 'make KCFLAGS="-O2 -g" M=$module';
  const [answer] = await askBash(rereadScript, [["MARK", "1", "module", "demo", "MAKE", value]]);
  assert.is(answer, 'make KCFLAGS="-O2 -g" M=demo\0MARK\0');
});

const part = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      "a",
      "x.y",
      " ",
      "-O2",
      "/usr",
      "=",
      "%",
      "'",
      ";",
      "(",
      "|",
      "*",
      "~",
      "#",
      "{a,b}",
      "é",
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom("$module", "${module}", "$spaced", "$NOPE", "$A", "${spaced}", "$", "$/", "$."),
  },
  { weight: 3, arbitrary: fc.constantFrom('"', '"a"', '"$module"', '"a b"', '""') },
  { weight: 3, arbitrary: fc.constantFrom("\\$", "\\\\", '\\"', "\\`", "\\n", "\\ ") },
  { weight: 1, arbitrary: fc.constantFrom("$(echo x)", "`", "${module:-x}", "$1", "$(", "\\", "$'a'", "$[1]") },
);
const text = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(""));

collapsing.run();
reread.run();
