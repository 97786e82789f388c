import type { Host } from "../host/host.ts";
import { type Candidate, whereToRead } from "./candidate.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { readDocument } from "./read-document.ts";
import { type SourceText, snippetAt } from "./source-text.ts";

/** A problem that was found long after its document was read, with the line that it is about. */
export function withSnippet(
  host: Pick<Host, "files">,
  diagnostic: Diagnostic,
  candidate?: Candidate | undefined,
): Diagnostic {
  const { file, range } = diagnostic;
  if (!range || diagnostic.snippet) return diagnostic;
  const source = readDocument(host, file, whereToRead(file, candidate)).value?.source;
  if (!source) return diagnostic;
  const start = offsetAt(source, range.line, range.column);
  return {
    ...diagnostic,
    snippet: snippetAt(source, { start, end: offsetAt(source, range.endLine, range.endColumn) }),
  };
}

/** The inverse of positionAt. */
function offsetAt({ text, lineStarts }: SourceText, line: number, column: number): number {
  const start = lineStarts[line - 1] ?? text.length;
  const before = [...text.slice(start, lineStarts[line] ?? text.length)].slice(0, column - 1);
  return start + before.join("").length;
}
