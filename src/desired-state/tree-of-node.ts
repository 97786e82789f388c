import { isAlias, isMap, isScalar, isSeq, type ParsedNode } from "yaml";
import type { Fault } from "./diagnostic.ts";
import { faultAt, type PlacedFault } from "./placed-fault.ts";
import { positionAt, quote, type SourceText, type Span } from "./source-text.ts";
import type { Entry, MappingNode, Tree } from "./tree.ts";

/**
 * The parser's nodes as a {@link Tree}. Aliases and anchors are refused: a document says each thing where it counts,
 * every diagnostic has one place, and there is nothing to expand. Duplicate keys, tags, and keys that are not text are
 * errors.
 */
export function treeOf(source: SourceText, node: ParsedNode | null): { tree: Tree; faults: readonly PlacedFault[] } {
  const faults: PlacedFault[] = [];
  const report: Report = (span, fault) => faults.push(faultAt(source, span, fault));
  return { tree: convert({ source, report }, node, nowhere), faults };
}

type Report = (span: Span, fault: Fault) => void;

interface Conversion {
  readonly source: SourceText;
  readonly report: Report;
}

const nowhere: Span = { start: 0, end: 0 };

/** A node that is not there (`{a}`, `- ` and nothing) is empty text, at the place where it would be. */
function convert(conversion: Conversion, node: ParsedNode | null, place: Span): Tree {
  if (node === null) return { kind: "text", span: place, text: "" };
  const span = { start: node.range[0], end: node.range[1] };
  refuseExtras(conversion, node, span);
  if (isSeq(node)) return { kind: "list", span, items: node.items.map((item) => convert(conversion, item, span)) };
  if (isMap(node)) return { kind: "mapping", span, entries: convertPairs(conversion, node.items) };
  return { kind: "text", span, text: isScalar(node) ? String(node.value) : "" };
}

const plainTags: readonly string[] = ["str", "seq", "map"].map((name) => `tag:yaml.org,2002:${name}`);

function refuseExtras({ source, report }: Conversion, node: ParsedNode, span: Span): void {
  if (isAlias(node)) report(span, aliasFault);
  else if (node.anchor !== undefined) report(markBefore(source, span, "&"), anchorFault(node.anchor));
  if (node.tag !== undefined && !plainTags.includes(node.tag))
    report(markBefore(source, span, "!"), tagFault(node.tag));
}

/** Anchors and tags stand before the node that they belong to, perhaps lines before. */
function markBefore({ text }: SourceText, span: Span, mark: "&" | "!"): Span {
  const last = text.lastIndexOf(mark, span.start);
  if (last < 0) return span;
  const start = text[last - 1] === mark ? last - 1 : last;
  return { start, end: start + 1 };
}

const aliasFault: Fault = {
  code: "E_ALIAS",
  message: "YAML aliases are not read here.",
  hint: 'Write the value out. If a text begins with an asterisk, put it in quotes: "*-amd64".',
};

function anchorFault(anchor: string): Fault {
  const message = `YAML anchors (&${anchor}) are not read here.`;
  return { code: "E_ALIAS", message, hint: 'What several modules share goes to "kernels" at the top of the document.' };
}

function tagFault(tag: string): Fault {
  const message = `The YAML tag ${quote(tag)} is not read here: every value is text.`;
  return { code: "E_UNSUPPORTED", message, hint: "Leave the tag out." };
}

function convertPairs(conversion: Conversion, pairs: readonly Pair[]): MappingNode["entries"] {
  const entries = new Map<string, Entry>();
  for (const pair of pairs) addPair(conversion, entries, pair);
  return entries;
}

interface Pair {
  readonly key: ParsedNode | null;
  readonly value: ParsedNode | null;
}

function addPair(conversion: Conversion, entries: Map<string, Entry>, { key: keyNode, value }: Pair): void {
  const key = convert(conversion, keyNode, nowhere);
  const fault = key.kind === "text" ? keyFault(conversion.source, key.text, entries) : keyNotText;
  if (fault) conversion.report(key.span, fault);
  if (key.kind !== "text" || entries.has(key.text)) return;
  const after = { start: key.span.end, end: key.span.end };
  entries.set(key.text, { key: key.span, value: convert(conversion, value, after) });
}

const keyNotText: Fault = { code: "E_WRONG_TYPE", message: "A key must be plain text, not a list or a mapping." };

function keyFault(source: SourceText, key: string, entries: ReadonlyMap<string, Entry>): Fault | undefined {
  const first = entries.get(key);
  if (first) return duplicateKey(source, key, first.key);
  return key === "__proto__" ? prototypeKey : undefined;
}

const prototypeKey: Fault = {
  code: "E_UNKNOWN_KEY",
  message: 'There is no key "__proto__" here, and none may be called so.',
};

function duplicateKey(source: SourceText, key: string, first: Span): Fault {
  const message = `The key ${quote(key)} is here twice; the first is in line ${positionAt(source, first.start).line}.`;
  return { code: "E_DUPLICATE_KEY", message, hint: "Keep one of the two." };
}
