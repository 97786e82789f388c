import { Composer, type Document, isScalar, Lexer, type ParsedNode, Parser } from "yaml";
import type { Fault } from "./diagnostic.ts";
import { type Checked, faultAt, isError, type PlacedFault } from "./placed-fault.ts";
import type { SourceText, Span } from "./source-text.ts";
import { syntaxFault, tellingErrors } from "./syntax-fault.ts";
import type { Tree } from "./tree.ts";
import { treeOf } from "./tree-of-node.ts";

/** Collections inside collections; a real document needs six. */
const deepestNesting = 32;
/** Words and marks of all documents together: well over a thousand modules. Keeps the parser's work below a second. */
export const mostTokens = 60_000;

/** A tree, and how many words and marks it took. */
export interface ParsedYaml extends Checked<Tree> {
  readonly tokens: number;
}

/**
 * One YAML document as a tree in which every scalar is text (YAML's failsafe schema). Every syntax error is reported
 * with its place. Refused as a whole: more than one document in a file, an empty one, control characters, more than
 * `mostTokens` words and marks. A tree may come with errors (duplicate keys, aliases), so that what else is wrong with
 * it can be told at once.
 */
export function parseYaml(source: SourceText, tokenLimit: number): ParsedYaml {
  const control = controlCharacter(source);
  if (control) return { value: undefined, faults: [control], tokens: 0 };
  const composed = compose(source, tokenLimit);
  return { ...judge(source, composed), tokens: composed.tokens };
}

function judge(source: SourceText, { documents, excess }: Composed): Checked<Tree> {
  if (excess) return { value: undefined, faults: [excess] };
  const [first, second] = documents;
  const syntax = documents.flatMap((document) => complaintsOf(source, document));
  if (second) syntax.push(faultAt(source, startOf(second), severalDocuments));
  if (syntax.some(isError)) return { value: undefined, faults: syntax };
  if (!first || isBlank(first)) return { value: undefined, faults: [faultAt(source, nowhere, empty)] };
  const { tree, faults } = treeOf(source, first.contents);
  return { value: tree, faults: [...syntax, ...faults] };
}

const nowhere: Span = { start: 0, end: 0 };

const empty: Fault = {
  code: "E_EMPTY",
  message: "The document is empty.",
  hint: 'Write at least "apiVersion: dkms-agent/v1" and "modules: []", or remove the file.',
};

const severalDocuments: Fault = {
  code: "E_UNSUPPORTED",
  message: "A second YAML document begins here; a file holds one.",
  hint: "Put each document into a file of its own, in one directory.",
};

type YamlDocument = Document.Parsed<ParsedNode>;

interface Composed {
  readonly documents: readonly YamlDocument[];
  readonly tokens: number;
  readonly excess?: PlacedFault;
}

/** Feeds the parser word by word, so that it can be stopped before a document costs it the stack or seconds of time. */
function compose(source: SourceText, tokenLimit: number): Composed {
  const parser = new Parser();
  const composer = new Composer({ schema: "failsafe", uniqueKeys: false, prettyErrors: false });
  const documents: YamlDocument[] = [];
  const count = { tokens: 0, errors: 0, depth: 0 };
  for (const lexeme of new Lexer().lex(source.text)) {
    for (const token of parser.next(lexeme)) {
      if (token.type === "error") count.errors += 1;
      documents.push(...composer.next(token));
    }
    count.tokens += 1;
    count.depth = parser.stack.length;
    const fault = excessOf(count, tokenLimit);
    const here = { start: parser.offset, end: parser.offset };
    if (fault) return { documents, tokens: count.tokens, excess: faultAt(source, here, fault) };
    if (documents.length > 1) return { documents, tokens: count.tokens };
  }
  for (const token of parser.end()) documents.push(...composer.next(token));
  documents.push(...composer.end());
  return { documents, tokens: count.tokens };
}

interface Count {
  readonly tokens: number;
  readonly errors: number;
  readonly depth: number;
}

/** The parser's stack holds the document itself and the word at hand besides the collections. */
function excessOf({ tokens, errors, depth }: Count, tokenLimit: number): Fault | undefined {
  if (depth > deepestNesting + 2) return tooDeep;
  if (tokens > tokenLimit) return tooMany;
  return errors > mostErrors ? tooWrong : undefined;
}

const mostErrors = 50;

const tooWrong: Fault = {
  code: "E_YAML_SYNTAX",
  message: `More than ${mostErrors} brackets and marks before this place make no sense; it is hardly YAML.`,
};

const tooDeep: Fault = {
  code: "E_TOO_DEEP",
  message: `Lists and mappings are nested more than ${deepestNesting} deep here.`,
};

const tooMany: Fault = {
  code: "E_TOO_LARGE",
  message: `The documents have more than ${mostTokens} words and marks together; reading stopped here.`,
};

function complaintsOf(source: SourceText, document: YamlDocument): PlacedFault[] {
  const errors = tellingErrors(document.errors).map((error) => {
    const [start, end] = error.pos;
    return faultAt(source, { start, end }, syntaxFault(error, source.text.slice(start, end)));
  });
  // Unresolved tags come up again, as errors, when the tree is made.
  const warnings = document.warnings.filter(({ code }) => code === "BAD_DIRECTIVE");
  return [
    ...errors,
    ...warnings.map(({ pos: [start, end], message }) => faultAt(source, { start, end }, { code: "W_YAML", message })),
  ];
}

function startOf(document: YamlDocument): Span {
  const start = document.contents?.range[0] ?? document.range[0];
  return { start, end: start };
}

function isBlank({ contents }: YamlDocument): boolean {
  return contents === null || (isScalar(contents) && contents.range[0] === contents.range[1]);
}

/** YAML allows none but tab and line ends; a lone carriage return would make one line look like two. */
function controlCharacter(source: SourceText): PlacedFault | undefined {
  const found = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f]|\r(?!\n)/.exec(source.text);
  if (!found) return undefined;
  const code = found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
  const message = `The control character U+${code} is not allowed in YAML.`;
  return faultAt(source, { start: found.index, end: found.index + 1 }, { code: "E_YAML_SYNTAX", message });
}
