import type { Diagnostic } from "./diagnostic.ts";

/** The text of one document, with what it takes to turn an offset into a line and a column. */
export interface SourceText {
  readonly file: string;
  readonly text: string;
  /** Ascending. */
  readonly lineStarts: readonly number[];
  /** Offsets of the second halves of surrogate pairs, ascending: they count as no column of their own. */
  readonly secondHalves: readonly number[];
}

/** A stretch of a text, in UTF-16 units; the end is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Lines end with LF; a CR before it belongs to the line end. */
export function createSourceText(file: string, text: string): SourceText {
  const lineStarts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lineStarts.push(at + 1);
  const secondHalves = [...text.matchAll(/[\u{10000}-\u{10ffff}]/gu)].map((match) => match.index + 1);
  return { file, text, lineStarts, secondHalves };
}

/** Line and column of an offset, both counted from 1, the column in characters. */
export function positionAt(source: SourceText, offset: number): { readonly line: number; readonly column: number } {
  const line = countBelow(source.lineStarts, offset + 1);
  return { line, column: 1 + charactersBetween(source, source.lineStarts[line - 1] ?? 0, offset) };
}

/** A value of a document as a message may show it: in quotes, short, and nothing in it that a terminal would obey. */
export function quote(text: string): string {
  const shown = text.length > 60 ? `${text.slice(0, 59)}…` : text;
  return `"${shown.replace(/[\s\p{C}]/gu, (character) => (character === " " ? " " : "\ufffd"))}"`;
}

const widest = 120;
const before = 50;

/** The line in which a span begins, cut if it is long, and where the carets go below it. */
export function snippetAt(source: SourceText, span: Span): NonNullable<Diagnostic["snippet"]> {
  const lineStart = source.lineStarts[positionAt(source, span.start).line - 1] ?? 0;
  const newline = source.text.indexOf("\n", lineStart);
  const lineEnd = newline < 0 ? source.text.length : newline;
  const cut = lineEnd - lineStart > widest;
  const from = cut ? Math.max(lineStart, span.start - before) : lineStart;
  const to = cut ? Math.min(lineEnd, from + widest) : lineEnd;
  const prefix = from > lineStart ? "…" : "";
  const shownEnd = Math.min(to, Math.max(span.end, span.start + 1));
  return {
    text: `${prefix}${printable(source.text.slice(from, to))}${to < lineEnd ? "…" : ""}`,
    caretColumn: 1 + prefix.length + charactersBetween(source, from, span.start),
    caretLength: Math.max(1, charactersBetween(source, span.start, shownEnd)),
  };
}

/** One character stays one character, so that the caret stays below its place. */
function printable(line: string): string {
  return line.replace(/\r$/, "").replaceAll("\t", " ").replace(/\p{C}/gu, "\ufffd");
}

function charactersBetween(source: SourceText, from: number, to: number): number {
  return to - from - (countBelow(source.secondHalves, to) - countBelow(source.secondHalves, from));
}

/** How many of the ascending numbers are smaller than the limit. */
function countBelow(ascending: readonly number[], limit: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
