import type { Host } from "../host/host.ts";
import { digestSource } from "./digest-source.ts";
import type { ModuleId } from "./id.ts";
import { sourceDirectory, sourceMarkFile } from "./tree-layout.ts";

/** Kept in the DKMS tree of a module whose `<source tree>/<name>-<version>` was unpacked from an archive. */
export interface SourceMark {
  readonly format: 1;
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
  const mark = parseMark(files.readText(sourceMarkFile(paths, module)) ?? "");
  const digest = mark && digestSource(files, sourceDirectory(paths, module));
  return digest?.ok && digest.value === mark?.source ? mark : undefined;
}

/** Whether a source directory holds nothing to build from: only dkms.conf. Throws what the file system throws. */
export function isConfOnly({ files }: Pick<Host, "files">, directory: string): boolean {
  return (files.list(directory) ?? []).every(({ name }) => name === "dkms.conf");
}

/** The text of a mark file. */
export function formatSourceMark(mark: SourceMark): string {
  return `${JSON.stringify(mark)}\n`;
}

function parseMark(text: string): SourceMark | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isMark(value) ? value : undefined;
}

function isMark(value: unknown): value is SourceMark {
  return (
    typeof value === "object" &&
    value !== null &&
    "format" in value &&
    value.format === 1 &&
    "tarball" in value &&
    typeof value.tarball === "string" &&
    "source" in value &&
    typeof value.source === "string"
  );
}
