import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { translateRegex } from "../../../src/dkms/conf/posix-regex.ts";
import { askBash } from "./ask-bash.ts";

const translate = suite("translateRegex");

translate("translates what real packages write", () => {
  const release = "6.1.0-56-amd64";
  for (const [pattern, matches] of [
    ["^6\\.1", true],
    ["^(5\\.[0-9]+|6\\.[0-4])\\.", true],
    ["REQUIRES CONFIG_VIDEO_DEV", false],
    ["^do_not_build$", false],
    ["amd64$", true],
    ["[[:digit:]]{2}-(rt|amd64)", true],
    ["^[^6]", false],
    ["6.1.0-[1-4]", false],
    ["x86_64|aarch64", false],
    ["[]d-]6", true],
    ["^[[:digit:]].[[:digit:]].[[:alnum:]][[:punct:]][[:xdigit:]]*[[:blank:]]?-[[:lower:]]", true],
    ["[[:upper:][:space:]]", false],
  ] as const) {
    assert.is(translateRegex(pattern)?.test(release), matches, pattern);
  }
});

for (const pattern of [
  "(a)\\1",
  "\\w",
  "[18-19]",
  "a**",
  "*a",
  "(",
  "a)",
  "[a",
  "a{2",
  "[[.-.]]",
  "(a+)+",
  "a|",
  "é",
]) {
  translate(`leaves to bash: ${pattern}`, () => {
    assert.is(translateRegex(pattern), undefined);
  });
}

translate("knows every class to its ends", () => {
  for (const [name, members] of [
    ["alpha", "AZaz"],
    ["digit", "09"],
    ["alnum", "AZaz09"],
    ["upper", "AZ"],
    ["lower", "az"],
    ["xdigit", "09AFaf"],
    ["punct", "!/:@[`{~"],
    ["space", " "],
    ["blank", " "],
  ] as const) {
    const regex = translateRegex(`^[[:${name}:]]$`);
    const all = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at));
    for (const member of members) assert.ok(regex?.test(member), `${member} in ${name}`);
    const expected = {
      alpha: 52,
      digit: 10,
      alnum: 62,
      upper: 26,
      lower: 26,
      xdigit: 22,
      punct: 32,
      space: 1,
      blank: 1,
    };
    assert.is(all.filter((sign) => regex?.test(sign)).length, expected[name], name);
  }
});

translate("never says anything else than bash", async () => {
  const runs = Number(process.env.DKMS_AGENT_PROPERTY_RUNS ?? 1500);
  const trials = fc.sample(fc.tuple(pattern, text), runs).flatMap(([pattern, text]) => {
    const regex = translateRegex(pattern);
    return regex ? [{ pattern, text, matches: regex.test(text) }] : [];
  });
  const script = 'while (($#)); do [[ $1 =~ $2 ]]; printf "$?\\n"; shift 2; done';
  const [answer = ""] = await askBash(script, [trials.flatMap(({ pattern, text }) => [text, pattern])]);
  const statuses = answer.trimEnd().split("\n");
  for (const [at, { pattern, text, matches }] of trials.entries()) {
    assert.is(statuses[at], matches ? "0" : "1", `${JSON.stringify(pattern)} on ${JSON.stringify(text)}`);
  }
  const matching = trials.filter(({ matches }) => matches).length;
  assert.ok(matching > trials.length / 10 && matching < trials.length * 0.9, `${matching} of ${trials.length} match`);
  assert.ok(trials.length > runs / 10 && trials.length < runs, `${trials.length} of ${runs} were translated`);
});

const atom = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("6", "1", "5", ".", "\\.", "-", "a", "m", "d", "amd64", "6\\.1", "0") },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...["[0-9]", "[^0-9]", "[a-z]", "[]6]", "[^]6]", "[6-]", "[-6]", "[.]", "[\\.]", "[[:alpha:]]", "[^[:digit:]1]"],
      ...["[[:punct:]]", "[[:space:]x]", "[[:xdigit:]]", "[a^]", "[[:alpha:][:digit:]]", "[5-61]", "[*+?]", "[|)(]"],
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom("^", "$", "/", "]", " ", "_", "~", ",", "<", "#", "&", "'", '"', "!", ":", "="),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("}", "{", "[", "\\w", "\\1", "[18-19]", "[b-a]", "[a-z-9]", "\\-", "\\/", "[[:foo:]]"),
  },
);
const quantifier = fc.constantFrom("", "", "", "", "*", "+", "?", "{1}", "{0,1}", "{2,}", "{0}", "{2,1}", "*?", "++");
const sequence = fc
  .array(fc.tuple(atom, quantifier), { minLength: 1, maxLength: 4 })
  .map((pairs) => pairs.flat().join(""));
const group = fc
  .tuple(fc.array(sequence, { minLength: 1, maxLength: 3 }), quantifier)
  .map(([branches, repeated]) => `(${branches.join("|")})${repeated}`);
const pattern = fc
  .array(fc.oneof({ weight: 3, arbitrary: sequence }, { weight: 2, arbitrary: group }), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join(""));
const text = fc.oneof(
  fc.constantFrom("6.1.0-56-amd64", "5.10.0", "x86_64", "6", "6.8.0-1015-aws", ""),
  fc.string({ unit: fc.constantFrom(..."6150.-amd4_ ]^\\/~,"), maxLength: 8 }),
);

translate.run();
