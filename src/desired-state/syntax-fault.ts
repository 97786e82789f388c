import type { ErrorCode, YAMLParseError } from "yaml";
import type { Fault } from "./diagnostic.ts";
import { quote } from "./source-text.ts";

/** A syntax error of the YAML parser in words for somebody who edits a document; `at` is the text that it points at. */
export function syntaxFault(error: YAMLParseError, at: string): Fault {
  const words = own[error.code]?.(at);
  return { code: "E_YAML_SYNTAX", ...(words ?? { message: `${error.message.replace(/\.$/, "")}.` }) };
}

interface Words {
  readonly message: string;
  readonly hint?: string;
}

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
    message: "A second key or list begins in the middle of the line.",
    hint: 'A value that holds ": " or begins with "- " must be in quotes.',
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
  RESOURCE_EXHAUSTION: () => ({ message: "The document is too deeply nested or too long to read." }),
};
