import path from "node:path";
import type { Host } from "../host/host.ts";
import { type Candidate, whereToRead } from "./candidate.ts";
import type { Fault } from "./diagnostic.ts";
import { findAllDocuments } from "./find-documents.ts";
import { findInsecureFiles } from "./insecure-files.ts";
import { type Checked, faultOf, type PlacedFault } from "./placed-fault.ts";
import { type DocumentText, largestFile, readDocument } from "./read-document.ts";

export interface LoadOptions {
  /** Read also what somebody other than root may change, when root reads it. */
  readonly allowInsecureFiles: boolean;
  readonly candidate?: Candidate | undefined;
}

export interface DocumentTexts {
  /** Absolute. */
  readonly places: readonly string[];
  /** In merge order, of those that could be read. */
  readonly texts: readonly DocumentText[];
  /** What is wrong with the files, whatever stands in them. */
  readonly faults: readonly PlacedFault[];
}

/** The texts of documents, and of directories of documents. Never throws for how they lie on the disk. */
export function readDocuments(host: Host, named: readonly string[], options: LoadOptions): DocumentTexts {
  const places = named.map((place) => path.resolve(place));
  const found = findAllDocuments(host, places, options.candidate);
  const insecure = options.allowInsecureFiles ? [] : insecurePlaces(host, found.value ?? [], options.candidate);
  // What is refused is not even read: an error message would show what root may read and others may not.
  const read = insecure.length > 0 ? [] : readAll(host, found.value ?? [], options.candidate);
  const faults = [...insecure, ...[found, ...read].flatMap(({ faults }) => faults)];
  return { places, texts: read.flatMap(({ value }) => value ?? []), faults };
}

/** Of all documents together, in bytes. */
const largestTotal = 4 * largestFile;

/** What a candidate takes the place of does not matter any more; who can write to the directory there does. */
function insecurePlaces(
  host: Host,
  files: readonly string[],
  candidate: Candidate | undefined,
): readonly PlacedFault[] {
  if (!candidate) return findInsecureFiles(host, files);
  return findInsecureFiles(host, [candidate.file, ...files]).filter(({ file }) => file !== candidate.place);
}

function readAll(
  host: Host,
  files: readonly string[],
  candidate: Candidate | undefined,
): readonly Checked<DocumentText>[] {
  const read: Checked<DocumentText>[] = [];
  let total = 0;
  for (const file of files) {
    const document = readDocument(host, file, whereToRead(file, candidate));
    total += document.value?.source.text.length ?? 0;
    if (total > largestTotal) return [...read, { value: undefined, faults: [faultOf(file, tooLarge)] }];
    read.push(document);
  }
  return read;
}

const tooLarge: Fault = {
  code: "E_TOO_LARGE",
  message: `With this file, the documents have more than ${largestTotal} bytes (4 MiB); reading stopped here.`,
};
