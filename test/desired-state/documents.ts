import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { DesiredState } from "../../src/desired-state/desired-state.ts";
import type { Diagnostic } from "../../src/desired-state/diagnostic.ts";
import { type LoadedDesired, loadDesired } from "../../src/desired-state/load-desired.ts";
import { parseDocument } from "../../src/desired-state/parse-document.ts";
import { mostTokens } from "../../src/desired-state/parse-yaml.ts";
import { toDiagnostic } from "../../src/desired-state/placed-fault.ts";
import { createSourceText } from "../../src/desired-state/source-text.ts";
import { createHost, type HostOptions } from "../../src/host/create-host.ts";

export const head = "apiVersion: dkms-agent/v1\n";

/** A document of the given modules, each the lines of one entry. */
export function modules(...entries: readonly string[]): string {
  const items = entries.map((entry) => `  - ${entry.trim().split("\n").join("\n    ")}\n`);
  return `${head}modules:\n${items.join("")}`;
}

/** Writes files into a new directory, calls with its path, and removes it. */
export function inDirectory<T>(files: Readonly<Record<string, string | Uint8Array>>, use: (directory: string) => T): T {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "desired-"));
  try {
    for (const [name, content] of Object.entries(files)) fs.writeFileSync(path.join(directory, name), content);
    return use(directory);
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

/** loadDesired on the machine's own files, ownership aside. */
export function load(place: string | readonly string[], options: HostOptions = {}): LoadedDesired {
  return loadDesired(createHost(options), [place].flat(), { allowInsecureFiles: true });
}

/** What one document's text asks for, or its diagnostics. */
export function loadText(text: string | Uint8Array): LoadedDesired {
  return inDirectory({ "a.yaml": text }, (directory) => load(path.join(directory, "a.yaml")));
}

/** For texts that must be fine. */
export function desiredOf(text: string): DesiredState {
  const { desired, diagnostics } = loadText(text);
  if (!desired) throw new Error(diagnostics.map(brief).join("\n"));
  return desired;
}

/** `CODE line:column`, one for each problem of a text. */
export function problemsOf(text: string | Uint8Array): readonly string[] {
  return loadText(text).diagnostics.map(brief);
}

/** The diagnostics of one document by itself, without a file. */
export function diagnosticsOf(text: string): readonly Diagnostic[] {
  return parseDocument(createSourceText("/d.yaml", text), mostTokens).faults.map(toDiagnostic);
}

export function brief({ code, range }: Diagnostic): string {
  return range ? `${code} ${range.line}:${range.column}` : code;
}
