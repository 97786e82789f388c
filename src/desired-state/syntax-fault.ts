import type { ErrorCode, YAMLParseError } from "yaml";
import type { Fault } from "./diagnostic.ts";
import { quote } from "./source-text.ts";

/** A syntax error of the YAML parser in words for somebody who edits a document; `at` is the text that it points at. */
export function syntaxFault(error: YAMLParseError, at: string): Fault {
  const words = ofOneCode.find(([pattern]) => pattern.test(error.message))?.[1] ?? own[error.code]?.(at);
  return { code: "E_YAML_SYNTAX", ...(words ?? { message: `${error.message.replace(/\.$/, "")}.` }) };
}

/** What is wrong with a document, without what the parser says only since it has lost its way at the same place. */
export function tellingErrors(errors: readonly YAMLParseError[]): readonly YAMLParseError[] {
  const nested = new Set(
    errors.filter(({ code }) => code === "BLOCK_AS_IMPLICIT_KEY").map(({ pos: [start] }) => start),
  );
  const lost = errors.findIndex(({ code }) => code === "UNEXPECTED_TOKEN");
  return errors.filter(({ code, pos: [start] }, index) => {
    if (code === "MULTILINE_IMPLICIT_KEY") return !nested.has(start);
    return code !== "UNEXPECTED_TOKEN" || index === lost;
  });
}

interface Words {
  readonly message: string;
  readonly hint?: string;
}

/** Mistakes that share a code of the parser with others, by its words for them. */
const ofOneCode: readonly (readonly [pattern: RegExp, words: Words])[] = [
  [
    /^Sequence item without -/,
    {
      message: "The line is inside a list, and begins no item of it.",
      hint: 'Indent it as deep as the key above it, or begin it with "- ".',
    },
  ],
  [
    /^Missing closing ["']quote/,
    { message: "A value in quotes does not end.", hint: "Its closing quote is missing in a line before." },
  ],
  [
    /^Flow .* end with a /,
    { message: "A bracket or brace has no end.", hint: 'The "]" or "}" is missing in a line before.' },
  ],
  [
    /^Block scalar header /,
    {
      message: 'A value that begins with ">" or "|" means something else in YAML.',
      hint: 'Put it in quotes: ">=6.1".',
    },
  ],
];

const own: Partial<Record<ErrorCode, (at: string) => Words>> = {
  BAD_ALIAS: () => ({
    message: 'A value that begins with "*" or "&" means something else in YAML.',
    hint: 'Put it in quotes: "*".',
  }),
  BAD_DQ_ESCAPE: (at) => ({
    message: `Between double quotes, ${quote(at)} is not an escape sequence.`,
    hint: "Between single quotes, backslashes stand for themselves.",
  }),
  BAD_INDENT: () => ({
    message: "The line is indented differently from the ones that it belongs to.",
    hint: "The keys of a mapping, and the hyphens of a list, begin in one column.",
  }),
  BAD_SCALAR_START: () => ({
    message: "A value cannot begin with this character.",
    hint: "Put the value in quotes.",
  }),
  BLOCK_AS_IMPLICIT_KEY: () => ({
    message: "A second key or list begins inside this value.",
    hint: 'If it is in the next line, indent that less; a value that holds ": " itself must be in quotes.',
  }),
  BLOCK_IN_FLOW: () => ({
    message: "An indented list or mapping cannot be inside brackets or braces.",
    hint: "A bracket or brace may be missing its end in a line before.",
  }),
  MULTILINE_IMPLICIT_KEY: () => ({
    message: 'A key must be on one line, followed by ": ".',
    hint: "The colon, the space after it, or a closing quote may be missing.",
  }),
  TAB_AS_INDENT: () => ({
    message: "A tab indents the line; YAML takes only spaces.",
    hint: "Replace the tab by spaces.",
  }),
  UNEXPECTED_TOKEN: () => ({
    message: "This cannot stand after what is before it.",
    hint: "Look at the indentation of this line and of those before it, and for a quote or bracket too many.",
  }),
  RESOURCE_EXHAUSTION: () => ({ message: "The document is too deeply nested or too long to read." }),
};
