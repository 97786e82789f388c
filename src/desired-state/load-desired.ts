import { createHash } from "node:crypto";
import type { Host } from "../host/host.ts";
import type { DesiredState } from "./desired-state.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { mergeDocuments } from "./merge-documents.ts";
import { type ParsedDocument, parseDocument } from "./parse-document.ts";
import { mostTokens } from "./parse-yaml.ts";
import { type Checked, comparePlaces, faultOf, isError, type PlacedFault, toDiagnostic } from "./placed-fault.ts";
import type { DocumentText } from "./read-document.ts";
import { type LoadOptions, readDocuments } from "./read-documents.ts";
import { createSourceText } from "./source-text.ts";

export interface LoadedDesired {
  /** `undefined` if and only if one of the diagnostics is an error. */
  readonly desired: DesiredState | undefined;
  /** Every problem at once, by file, line and column; at most {@link mostDiagnostics} and one that counts the rest. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * The desired state that documents and directories of documents ask for together, in the order in which they are named.
 * Reads and decides nothing about this machine's kernels. Never throws for what stands in the files or how they lie on
 * the disk.
 */
export function loadDesired(host: Host, places: readonly string[], options: LoadOptions): LoadedDesired {
  const read = readDocuments(host, places, options);
  return assemble(read.places, read.texts, read.faults);
}

/** The desired state that one document asks for, by its text; `file` is its name in what is said about it. */
export function parseDesired(file: string, text: string): LoadedDesired {
  const sha256 = createHash("sha256").update(text).digest("hex");
  return assemble([file], [{ source: createSourceText(file, text), sha256 }], []);
}

function assemble(
  paths: readonly string[],
  texts: readonly DocumentText[],
  before: readonly PlacedFault[],
): LoadedDesired {
  const parsed = parseAll(texts);
  const documents = parsed.flatMap(({ value }) => value ?? []);
  const merged = mergeDocuments(documents);
  const problems = [...before, ...parsed.flatMap(({ faults }) => faults), ...merged.faults];
  const faults = problems.some(isError) ? problems : [...problems, ...noModules(documents)];
  const diagnostics = present(faults);
  if (faults.some(isError)) return { desired: undefined, diagnostics };
  const files = texts.map(({ source, sha256 }) => ({ path: source.file, sha256 }));
  return {
    desired: {
      paths,
      files,
      sha256: digestOf(texts),
      ...merged.unlisted,
      modules: merged.modules,
    },
    diagnostics,
  };
}

function parseAll(texts: readonly DocumentText[]): readonly Checked<ParsedDocument>[] {
  const parsed: Checked<ParsedDocument>[] = [];
  let tokensLeft = mostTokens;
  for (const { source } of texts) {
    const document = parseDocument(source, tokensLeft);
    parsed.push(document);
    tokensLeft -= document.tokens;
    if (tokensLeft < 0) break;
  }
  return parsed;
}

/** A document may hold only settings; if all do, a key was forgotten, and nobody meant "no modules". */
function noModules(documents: readonly ParsedDocument[]): readonly PlacedFault[] {
  const [first] = documents;
  if (!first || documents.some(({ modules }) => modules)) return [];
  const message = `The key "modules" is missing${documents.length > 1 ? " in all documents" : ""}.`;
  return [faultOf(first.source.file, { code: "E_MISSING_KEY", message, hint: 'To want none, write "modules: []".' })];
}

/** Over the digests, so that text moved from one document to the next does not go unnoticed. */
function digestOf(texts: readonly DocumentText[]): string {
  const hash = createHash("sha256");
  for (const { sha256 } of texts) hash.update(`${sha256}\n`);
  return hash.digest("hex");
}

/** More than anybody reads at once. */
export const mostDiagnostics = 100;

/** As diagnostics, in order of place. Where there are too many, errors are shown before warnings. */
export function present(faults: readonly PlacedFault[]): readonly Diagnostic[] {
  const sorted = [...faults].sort(comparePlaces);
  if (sorted.length <= mostDiagnostics) return sorted.map(toDiagnostic);
  const errors = sorted.filter(isError);
  const kept = [...errors, ...sorted.filter((fault) => !isError(fault))].slice(0, mostDiagnostics).sort(comparePlaces);
  const left = sorted.length - kept.length;
  const message = left === 1 ? "There is 1 more problem." : `There are ${left} more problems.`;
  const code = errors.length > mostDiagnostics ? "E_MORE_PROBLEMS" : "W_MORE_PROBLEMS";
  const file = sorted.at(-1)?.file ?? "";
  return [...kept, faultOf(file, { code, message })].map(toDiagnostic);
}
