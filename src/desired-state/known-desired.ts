import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { readOwnFile, writeOwnFile } from "../dkms/own-file.ts";
import { knownDesiredFile } from "../dkms/state-layout.ts";
import type { Host } from "../host/host.ts";
import type { DesiredState } from "./desired-state.ts";
import { type LoadOptions, readDocuments } from "./read-documents.ts";

/** With the very program that reads, or has checked, the documents. */
export interface KnownOptions extends LoadOptions {
  readonly toolBuild: string;
}

/**
 * What the documents ask for, if `<state>/desired.json` has it from when this very program has last checked these
 * very texts and had nothing to say about them; `undefined` if not. What does not follow from the texts alone, who could
 * have written the files above all, is looked at anew. Takes neither a YAML parser nor schemas.
 */
export function readKnownDesired(
  host: Host,
  named: readonly string[],
  options: KnownOptions,
): DesiredState | undefined {
  const text = readOwnFile(host, knownDesiredFile(host.paths), longest);
  const desired = text === undefined ? undefined : parse(text, options.toolBuild);
  if (!desired) return undefined;
  const { places, texts, faults } = readDocuments(host, named, options);
  const isSame =
    faults.length === 0 &&
    isDeepStrictEqual(desired.paths, places) &&
    desired.files.length === texts.length &&
    texts.every(({ source, sha256 }, at) => {
      const file = desired.files[at];
      return file?.path === source.file && file.sha256 === sha256;
    });
  return isSame ? desired : undefined;
}

/** Keeps it for later runs, unless it is there already; under the lock only. Only what has no warning may be kept. */
export function keepDesired(host: Host, desired: DesiredState, toolBuild: string): void {
  writeOwnFile(host, knownDesiredFile(host.paths), textOf(JSON.stringify(desired), toolBuild));
}

/** Several times what the largest documents become. */
const longest = 32 << 20;

/** The first line tells who has written the rest, and that all of it is there. */
function textOf(body: string, toolBuild: string): string {
  const sha256 = createHash("sha256").update(body).digest("hex");
  return `dkms-agent desired 3, ${toolBuild}, ${sha256}\n${body}`;
}

function parse(text: string, toolBuild: string): DesiredState | undefined {
  const body = text.slice(text.indexOf("\n") + 1);
  if (text !== textOf(body, toolBuild)) return undefined;
  const value: unknown = JSON.parse(body);
  return isDesired(value) ? value : undefined;
}

/** What has the digest that this program wrote has also the shape. */
function isDesired(value: unknown): value is DesiredState {
  return typeof value === "object" && value !== null && "paths" in value && "modules" in value;
}
