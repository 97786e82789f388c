import type { Host } from "../host/host.ts";
import { digestSource } from "./digest-source.ts";
import type { ModuleId } from "./id.ts";
import { fieldsOf, parseJson, textsOf } from "./json-fields.ts";
import { sourceDirectory, sourceMarkFile } from "./tree-layout.ts";

/** Says that a `<source tree>/<name>-<version>` was unpacked from an archive. Kept in the DKMS tree. */
export interface SourceMark {
  /** SHA-256 of the archive. */
  readonly tarball: string;
  /** {@link digestSource} of what was unpacked. */
  readonly source: string;
}

/**
 * The mark of a module whose source directory is still what an archive brought; `undefined` if somebody has changed it
 * since, or brought it some other way. Throws what the file system throws.
 */
export function readSourceMark(
  { files, paths }: Pick<Host, "files" | "paths">,
  module: ModuleId,
): SourceMark | undefined {
  const marks = parseMarks(files.readText(sourceMarkFile(paths, module)) ?? "");
  if (marks.length === 0) return undefined;
  const digest = digestSource(files, sourceDirectory(paths, module));
  return digest.ok ? marks.find(({ source }) => source === digest.value) : undefined;
}

/** Whether a source directory holds nothing to build from: only dkms.conf. Throws what the file system throws. */
export function isConfOnly({ files }: Pick<Host, "files">, directory: string): boolean {
  return (files.list(directory) ?? []).every(({ name }) => name === "dkms.conf");
}

/**
 * The text of the mark file for a source that is about to be put in its place. It keeps the mark of what is there until
 * then: whenever a run is killed, one of the two is right.
 */
export function nextSourceMarks(host: Pick<Host, "files" | "paths">, module: ModuleId, next: SourceMark): string {
  const earlier = parseMarks(host.files.readText(sourceMarkFile(host.paths, module)) ?? "");
  const others = earlier.filter(({ tarball }) => tarball !== next.tarball);
  const present = readSourceMark(host, module);
  const last = others.find(({ tarball }) => tarball === present?.tarball) ?? others[0];
  return `${JSON.stringify({ format: 1, marks: last ? [next, last] : [next] })}\n`;
}

function parseMarks(text: string): readonly SourceMark[] {
  const fields = fieldsOf(parseJson(text));
  const marks = fields?.get("format") === 1 ? fields.get("marks") : undefined;
  return Array.isArray(marks) ? marks.flatMap((mark: unknown) => toMark(mark) ?? []) : [];
}

function toMark(value: unknown): SourceMark | undefined {
  const [tarball, source] = ["tarball", "source"].map((name) => textsOf(value)?.get(name));
  return tarball === undefined || source === undefined ? undefined : { tarball, source };
}
