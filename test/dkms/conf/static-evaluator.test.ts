import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sourceScript } from "../../../src/dkms/conf/bash-scripts.ts";
import { directiveNames, entriesOf, type RawConf } from "../../../src/dkms/conf/raw-conf.ts";
import { evaluateStatically } from "../../../src/dkms/conf/static-evaluator.ts";
import { askBash } from "./ask-bash.ts";

const evaluate = suite("evaluateStatically");

const variables = new Map([
  ["module", "demo"],
  ["kernelver", "6.1.0-56-amd64"],
  ["spaced", "a  b"],
]);

evaluate("reads plain assignments with variables, quotes, escapes and comments", () => {
  const text = [
    "# a comment \\",
    'PACKAGE_NAME="demo" # another',
    "PACKAGE_VERSION=1.0~rc1;AUTOINSTALL=yes",
    "BASE='src/'\"$module\"/\\$x",
    'BUILT_MODULE_LOCATION[1]="${BASE}"',
    "MAKE=make",
    'MAKE+=" KVER=$kernelver \\',
    '-k"',
  ].join("\n");
  assert.equal(read(text), {
    "PACKAGE_NAME[0]": "demo",
    "PACKAGE_VERSION[0]": "1.0~rc1",
    "AUTOINSTALL[0]": "yes",
    "BUILT_MODULE_LOCATION[1]": "src/demo/$x",
    "MAKE[0]": "make KVER=6.1.0-56-amd64 -k",
  });
});

evaluate("reads array literals, and appends to them", () => {
  assert.equal(read("PATCH=(a 'b c' # first\n [4]=e f)\nPATCH+=(g)\nPATCH+=x"), {
    "PATCH[0]": "ax",
    "PATCH[1]": "b c",
    "PATCH[4]": "e",
    "PATCH[5]": "f",
    "PATCH[6]": "g",
  });
});

evaluate("keeps the CR of DOS line ends, and passes over their empty lines", () => {
  assert.equal(read('PACKAGE_NAME="demo"\r\n\r\nPACKAGE_VERSION=$PACKAGE_NAME-1\r\n'), {
    "PACKAGE_NAME[0]": "demo\r",
    "PACKAGE_VERSION[0]": "demo\r-1\r",
  });
});

evaluate("starts with what an earlier file has set", () => {
  const inherited = new Map([["MAKE", new Map([[1, "b"]])]]);
  const raw = evaluateStatically("MAKE=a$MAKE", variables, inherited);
  assert.equal(raw && toObject(raw), { "MAKE[0]": "a", "MAKE[1]": "b" });
});

for (const text of [
  "MAKE=$(echo x)",
  "MAKE=`echo x`",
  "MAKE=$((1+1))",
  "MAKE=${module:-x}",
  "MAKE=$1",
  "MAKE=$'x'",
  "MAKE=~/x",
  "PATCH=(*.patch)",
  "PATCH=({a,b})",
  "PATCH=($spaced)",
  "PATCH[i]=x",
  "PATCH[010]=x",
  "UID=5",
  "MAKE=$RANDOM",
  "PATH=/bin",
  "IFS=:",
  "MAKE=$BASH_SOURCE",
  "export MAKE=x",
  "MAKE=x make",
  "if true; then MAKE=x; fi",
  "f() { :; }",
  'MAKE="x',
  "MAKE=x;;",
  "MAKE=x)",
  "MAKE=$module\\\nx",
  "PATCH=(a)\\\nMAKE=b",
  "MAKE=x & ",
  "MAKE=x\u0001",
]) {
  evaluate(`leaves to bash: ${JSON.stringify(text)}`, () => {
    assert.is(evaluateStatically(`PACKAGE_NAME=demo\n${text}\n`, variables), undefined);
  });
}

evaluate("never says anything else than bash", async () => {
  const runs = Number(process.env.DKMS_AGENT_PROPERTY_RUNS ?? 400);
  const texts = fc.sample(confFile, runs);
  const answered = texts.flatMap((text) => {
    const raw = evaluateStatically(text, variables);
    return raw ? [{ text, raw }] : [];
  });
  const directory = mkdtempSync(join(tmpdir(), "dkms-conf-"));
  try {
    const state = [...variables].flat();
    const calls = answered.map(({ text }, at) => {
      const file = join(directory, String(at));
      writeFileSync(file, text);
      return [file, "MARK", directiveNames.join(" "), ...state];
    });
    const answers = await askBash(sourceScript, calls);
    for (const [at, { text, raw }] of answered.entries()) {
      const expected = entriesOf(raw).flatMap(({ name, index, value }) => [name, String(index), value]);
      const fields = (answers[at] ?? "").split("\0").slice(2, -2);
      assert.equal(sortTriples(fields), sortTriples(expected), JSON.stringify(text));
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
  assert.ok(answered.length > runs / 5, `only ${answered.length} of ${runs} files were answered`);
  assert.ok(answered.length < runs, "no generated file was left to bash");
});

const name = fc.constantFrom("MAKE", "PATCH", "MAKE_MATCH", "STRIP", "A", "B_1");
const subscript = fc.oneof(
  { weight: 6, arbitrary: fc.constant("") },
  { weight: 3, arbitrary: fc.constantFrom("[0]", "[1]", "[3]") },
  { weight: 1, arbitrary: fc.constantFrom("[01]", "[A]", "[]", "[-1]", "[1+1]", "[*]") },
);
const plain = fc.constantFrom(
  "x",
  "a.b",
  "1",
  "-O2",
  "/usr",
  "x=y",
  "a:b",
  "%",
  "@",
  "^",
  "!",
  "a,b",
  "x~y",
  "é",
  "]",
  "}",
);
const expansion = fc.constantFrom(
  ...["$module", "$spaced", "$MAKE", "$A", "$NOPE", "$A[1]", "$", "$ ", "$/", "$.", "$A$B_1"],
  ...["${module}", "${spaced}", "${PATCH[1]}", "${A}x", "${NOPE}", "${MAKE[0]}"],
);
const nearMiss = fc.constantFrom(
  ...["$(", "$(echo x)", "`", "~", ":~", "=~/", "{a,b}", "*", "?", "[x]", "$'x'", '$"x"', "$$", "$1", "$#", "$[1]"],
  ...["(", ")", "&", "#", ";;", "$((1))", "!", "$!", "@(a)", "$-", "$UID", "$IFS"],
  ...["${A:-x}", "${#A}", "${A[@]}", "${!A}", "${A/x/y}", "${}", "${A"],
);
const soup = fc.string({ unit: fc.constantFrom(...`AxB1 ="'\\$[]{}();#~*?+-:.,\n\t\r!@%^`), maxLength: 12 });
const quotedPart = fc.oneof(
  plain,
  expansion,
  fc.constantFrom(
    " ",
    "  ",
    "#",
    ";",
    "\\",
    "'",
    "\\n",
    "\\\\",
    '\\"',
    "\\$",
    "\n",
    "\t",
    "\\\n",
    "~",
    "*",
    "(",
    "{a,b}",
    "!",
    "\r",
  ),
);
const quoted = fc.oneof(
  fc.array(quotedPart, { maxLength: 5 }).map((parts) => `"${parts.join("")}"`),
  fc.array(quotedPart, { maxLength: 4 }).map((parts) => `'${parts.join("").replaceAll("'", "")}'`),
);
const escapePair = fc.constantFrom(
  "\\ ",
  "\\x",
  "\\\\",
  "\\$",
  '\\"',
  "\\'",
  "\\\n",
  "\\;",
  "\\#",
  "\\*",
  "\\~",
  "\\\r",
);
const part = fc.oneof(
  { weight: 8, arbitrary: plain },
  { weight: 6, arbitrary: expansion },
  { weight: 8, arbitrary: quoted },
  { weight: 4, arbitrary: escapePair },
  { weight: 1, arbitrary: nearMiss },
  { weight: 1, arbitrary: soup },
);
const value = fc.array(part, { maxLength: 4 }).map((parts) => parts.join(""));
const element = fc
  .tuple(fc.constantFrom("", "", "", "[0]=", "[2]=", "[A]=", "[1]+="), value)
  .map((pair) => pair.join(""));
const between = fc.constantFrom(" ", " ", "\n", "  ", "\t", " # c\n", "\n#c\n", "\\\n", " \\\n ", "\r\n");
const array = fc.array(fc.tuple(element, between), { maxLength: 4 }).map((pairs) => `(${pairs.flat().join("")})`);
const assigned = fc.oneof({ weight: 5, arbitrary: value }, { weight: 2, arbitrary: array });
const assignment = fc.tuple(name, subscript, fc.constantFrom("=", "=", "=", "+="), assigned).map((all) => all.join(""));
const command = fc.oneof(
  { weight: 20, arbitrary: assignment },
  { weight: 2, arbitrary: fc.constantFrom("# comment", "#c\\", "", "  ", "\t# x", "\r") },
  {
    weight: 1,
    arbitrary: fc.constantFrom("export A", "A", "A =1", "f() { MAKE=x; }", "if :; then MAKE=x; fi", "{ MAKE=x; }"),
  },
  { weight: 1, arbitrary: soup },
);
const separator = fc.constantFrom(
  "\n",
  "\n",
  "\n",
  ";",
  " ; ",
  " ",
  "\r\n",
  " \\\n",
  ";\n",
  " # c\n",
  "\n\n",
  "; # c\n",
  "#x\n",
);
const confFile = fc
  .array(fc.tuple(command, separator), { minLength: 1, maxLength: 4 })
  .map((pairs) => pairs.flat().join(""));

function read(text: string): Record<string, string> | undefined {
  const raw = evaluateStatically(text, variables);
  return raw && toObject(raw);
}

function toObject(raw: RawConf): Record<string, string> {
  return Object.fromEntries(entriesOf(raw).map(({ name, index, value }) => [`${name}[${index}]`, value]));
}

function sortTriples(fields: readonly string[]): string[] {
  const triples = Array.from({ length: fields.length / 3 }, (_, at) => fields.slice(at * 3, at * 3 + 3).join("\0"));
  return triples.sort();
}

evaluate.run();
