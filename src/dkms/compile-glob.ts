import { posixClasses } from "./posix-classes.ts";
import type { CompiledPattern, PatternProblem, TextTest } from "./text-pattern.ts";

/**
 * A glob as bash reads it in `[[ $text == $glob ]]` in the C locale: `*`, `?`, `[...]` with ranges and named classes,
 * everything else is itself, and the whole text must match. What bash would take for something else than its author
 * most likely means is refused: an open bracket, a range that runs backwards, a backslash, `@(...)`, `{a,b}`.
 *
 * The time to match is at most proportional to the length of the glob times that of the text.
 */
export function compileGlob(glob: string): CompiledPattern {
  const reader: Reader = { glob, at: 0 };
  const pieces: Piece[] = [];
  while (reader.at < glob.length) {
    const piece = readPiece(reader);
    if (typeof piece === "object") return { ok: false, error: piece };
    // Two stars are one.
    if (piece !== "*" || pieces.at(-1) !== "*") pieces.push(piece);
  }
  return { ok: true, value: (text) => matches(pieces, [...text]) };
}

/** `*`, or what one character has to be. */
type Piece = "*" | TextTest;

interface Reader {
  readonly glob: string;
  at: number;
}

/** Only the last star ever has to give: what an earlier one leaves to it, it can take itself. */
function matches(pieces: readonly Piece[], characters: readonly string[]): boolean {
  let piece = 0;
  let at = 0;
  let star: { readonly piece: number; at: number } | undefined;
  while (at < characters.length) {
    const test = pieces[piece];
    if (test === "*") {
      star = { piece, at };
      piece++;
    } else if (test?.(characters[at] ?? "")) {
      piece++;
      at++;
    } else if (star) {
      star.at++;
      piece = star.piece + 1;
      at = star.at;
    } else return false;
  }
  return pieces.slice(piece).every((left) => left === "*");
}

function readPiece(reader: Reader): Piece | PatternProblem {
  const rest = reader.glob.slice(reader.at);
  const [refused] = /^(?:[@!+*?]\(|\{[^{}]*,[^{}]*\}|\\)/.exec(rest) ?? [];
  if (refused !== undefined) return notAGlob(refused);
  const character = nextCharacter(reader);
  switch (character) {
    case "*":
      return "*";
    case "?":
      return () => true;
    case "[":
      return readBracket(reader);
    default:
      return (other) => other === character;
  }
}

function notAGlob(sign: string): PatternProblem {
  if (sign === "\\")
    return {
      message: "A backslash quotes nothing in a glob.",
      hint: "No kernel release has one. For the sign itself write [*].",
    };
  const shown = sign.endsWith("(") ? `${sign}...)` : sign;
  return { message: `${shown} means nothing in a glob.`, hint: "Make a list item of each, or write a regex." };
}

function readBracket(reader: Reader): TextTest | PatternProblem {
  const isNegated = /[!^]/.test(reader.glob.charAt(reader.at));
  if (isNegated) reader.at++;
  const members: TextTest[] = [];
  for (;;) {
    if (reader.at >= reader.glob.length) return { message: "A bracket is not closed.", hint: "Write it as in [0-9]." };
    // A closing bracket is a member where it comes first.
    if (reader.glob.charAt(reader.at) === "]" && members.length > 0) break;
    const member = readMember(reader);
    if (typeof member === "object") return member;
    members.push(member);
  }
  reader.at++;
  return (character) => members.some((test) => test(character)) !== isNegated;
}

function readMember(reader: Reader): TextTest | PatternProblem {
  const rest = reader.glob.slice(reader.at);
  if (/^\[[:.=]/.test(rest)) return readClass(reader, rest);
  const first = nextCharacter(reader);
  if (!/^-[^\]]/u.test(reader.glob.slice(reader.at))) return (character) => character === first;
  reader.at++;
  if (/^\[[:.=]/.test(reader.glob.slice(reader.at)))
    return { message: "A named class cannot end a range.", hint: "A hyphen that is meant comes last, as in [0-9-]." };
  const last = nextCharacter(reader);
  const [from, to] = [codeOf(first), codeOf(last)];
  if (from > to)
    return { message: `The range ${first}-${last} runs backwards.`, hint: `Write it as ${last}-${first}.` };
  return (character) => from <= codeOf(character) && codeOf(character) <= to;
}

function readClass(reader: Reader, rest: string): TextTest | PatternProblem {
  const [whole = "", name = ""] = /^\[:([a-z]*):\]/.exec(rest) ?? [];
  const members = posixClasses.get(name);
  if (members === undefined) {
    const shown = /^\[[:.=][^\]]*\]?/.exec(rest)?.[0] ?? rest;
    return {
      message: `${shown} is no class of characters.`,
      hint: `There are ${[...posixClasses.keys()].join(", ")}.`,
    };
  }
  reader.at += whole.length;
  const pattern = new RegExp(`^[${members}]$`);
  return (character) => pattern.test(character);
}

function nextCharacter(reader: Reader): string {
  const character = String.fromCodePoint(reader.glob.codePointAt(reader.at) ?? 0);
  reader.at += character.length;
  return character;
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}
