import type { PatternProblem } from "./text-pattern.ts";

/** A regular expression as a tree. Groups are gone: for whether there is a match they only hold things together. */
export type Branch =
  | { readonly kind: "character"; readonly accepts: (character: string) => boolean }
  | { readonly kind: "assertion"; readonly holds: (around: Around) => boolean }
  | { readonly kind: "sequence" | "choice"; readonly parts: readonly Branch[] }
  | { readonly kind: "repeated"; readonly body: Branch; readonly least: number; readonly most: number };

/** The characters beside a place in a text; `undefined` at its ends. */
interface Around {
  readonly before: string | undefined;
  readonly after: string | undefined;
}

type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: PatternProblem };

/**
 * The tree of a regular expression in JavaScript's syntax with the flag u. JavaScript says whether the syntax is right,
 * and what each single character or class accepts; only how they go together is read here.
 */
export function parseRegex(pattern: string): Parsed<Branch> {
  try {
    new RegExp(pattern, "u");
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*\/u?: /s, "") : "";
    return { ok: false, error: { message: `${reason}.`, hint: "The syntax is JavaScript's, with the flag u." } };
  }
  const tokens = pattern.match(tokenPattern) ?? [];
  const refused = tokens.find((token) => unsupported.some(([sign]) => sign.test(token)));
  if (refused !== undefined) return { ok: false, error: notSupported(refused) };
  return { ok: true, value: readChoice({ tokens, at: 0 }) };
}

/** One sign or group opening each. Two \u escapes of surrogates are one character. */
const tokenPattern = new RegExp(
  [
    String.raw`\((?:\?(?:<?[=!]|<[^>]*>|[a-z-]*:))?`,
    String.raw`\[(?:\\[^]|[^\]\\])*\]`,
    String.raw`\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}`,
    String.raw`\\(?:u\{[\da-fA-F]+\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|c[a-zA-Z]|[pP]\{[^}]*\}|k<[^>]*>|[1-9]\d*)`,
    String.raw`\\[^]`,
    String.raw`(?:[*+?]|\{\d+(?:,\d*)?\})\??`,
    "[^]",
  ].join("|"),
  "gu",
);

const unsupported: readonly (readonly [sign: RegExp, name: string])[] = [
  [/^\(\?<?[=!]/, "Looking ahead or behind"],
  [/^\\(k<|[1-9])/, "A back reference"],
  [/^\(\?[a-z-]+:/, "A modifier"],
];

function notSupported(token: string): PatternProblem {
  const name = unsupported.find(([sign]) => sign.test(token))?.[1] ?? "This";
  return {
    message: `${name} (${token}) can take for ever, and is not supported.`,
    hint: "Use several list items, match, range, or not.",
  };
}

interface Reader {
  readonly tokens: readonly string[];
  at: number;
}

function readChoice(reader: Reader): Branch {
  const parts = [readSequence(reader)];
  while (reader.tokens[reader.at] === "|") {
    reader.at++;
    parts.push(readSequence(reader));
  }
  return { kind: "choice", parts };
}

function readSequence(reader: Reader): Branch {
  const parts: Branch[] = [];
  for (;;) {
    const token = reader.tokens[reader.at];
    if (token === undefined || token === "|" || token === ")") return { kind: "sequence", parts };
    reader.at++;
    parts.push(readRepetition(reader, readAtom(reader, token)));
  }
}

function readAtom(reader: Reader, token: string): Branch {
  if (token.startsWith("(")) {
    const inside = readChoice(reader);
    reader.at++;
    return inside;
  }
  const holds = assertions.get(token);
  return holds ? { kind: "assertion", holds } : { kind: "character", accepts: acceptedBy(token) };
}

const assertions: ReadonlyMap<string, (around: Around) => boolean> = new Map([
  ["^", ({ before }: Around) => before === undefined],
  ["$", ({ after }: Around) => after === undefined],
  ["\\b", ({ before, after }: Around) => isWord(before) !== isWord(after)],
  ["\\B", ({ before, after }: Around) => isWord(before) === isWord(after)],
]);

function isWord(character: string | undefined): boolean {
  return character !== undefined && /^\w$/.test(character);
}

/** JavaScript is asked about each character only once: a text has few different ones. */
function acceptedBy(atom: string): (character: string) => boolean {
  if (/^[^.\\[]/u.test(atom)) return (character) => character === atom;
  const pattern = new RegExp(`^${atom}$`, "u");
  const known = new Map<string, boolean>();
  return (character) => {
    const answer = known.get(character) ?? pattern.test(character);
    known.set(character, answer);
    return answer;
  };
}

function readRepetition(reader: Reader, body: Branch): Branch {
  const token = reader.tokens[reader.at] ?? "";
  const [, sign, least, comma, most] = /^(?:([*+?])|\{(\d+)(,(\d*))?\})\??$/.exec(token) ?? [];
  if (sign === undefined && least === undefined) return body;
  reader.at++;
  if (sign !== undefined)
    return { kind: "repeated", body, least: sign === "+" ? 1 : 0, most: sign === "?" ? 1 : endless };
  return { kind: "repeated", body, least: Number(least), most: comma ? Number(most || endless) : Number(least) };
}

const endless = Number.POSITIVE_INFINITY;
