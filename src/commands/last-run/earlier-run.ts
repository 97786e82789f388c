import { createHash } from "node:crypto";
import type { LastRunDocument } from "../../contract/last-run-schema.ts";
import { fieldsOf, parseJson } from "../../dkms/json-fields.ts";
import { readOwnFile } from "../../dkms/own-file.ts";
import { lastRunFile } from "../../dkms/state-layout.ts";
import type { Host } from "../../host/host.ts";
import { jsonText } from "../../report/json.ts";
import { toolBuild } from "../tool-version.ts";

/** What later runs take over from an earlier one. */
export type EarlierRun = Pick<
  LastRunDocument,
  | "instances"
  | "kernels"
  | "levels"
  | "drift"
  | "blocked"
  | "reboot_required"
  | "reboot_reasons"
  | "seen_at"
  | "last_success_at"
  | "basis"
>;

/** Tens of thousands of instances. */
const longest = 64 << 20;

/** last-run.json as it is; without a text if there is none, or nobody can tell who wrote it. */
export function readEarlierRun(host: Host): { readonly text: string | undefined; readonly run: EarlierRun } {
  const text = readOwnFile(host, lastRunFile(host.paths), longest);
  return { text, run: parseEarlierRun(text) };
}

/** Whether it is still the one that was read. */
export function isStill(host: Host, text: string | undefined): boolean {
  return readOwnFile(host, lastRunFile(host.paths), longest) === text;
}

/** What an earlier run has left; nothing if it is not of this format. */
function parseEarlierRun(text: string | undefined): EarlierRun {
  if (text === undefined) return nothing;
  const value = parseJson(text);
  return isEarlierRun(value, isSealed(text)) ? value : nothing;
}

const nothing: EarlierRun = {
  instances: [],
  kernels: [],
  levels: {},
  drift: {},
  blocked: {},
  reboot_required: false,
  reboot_reasons: [],
  seen_at: null,
  last_success_at: null,
  basis: null,
};

/** The text of a report, with the digest of the rest at its end. */
export function sealedText(run: Omit<LastRunDocument, "digest">): string {
  const text = jsonText(run);
  const rest = text.slice(0, text.lastIndexOf("\n}"));
  return `${rest},\n  "digest": "${digestOf(rest)}"\n}\n`;
}

function isSealed(text: string): boolean {
  const end = text.lastIndexOf(',\n  "digest": "');
  const rest = text.slice(0, Math.max(0, end));
  return end > 0 && text.slice(end) === `,\n  "digest": "${digestOf(rest)}"\n}\n`;
}

function digestOf(text: string): string {
  return createHash("sha256").update(`${toolBuild}\n${text}`).digest("hex");
}

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isFlag: Check = (value) => typeof value === "boolean";
const isTime: Check = (value) => typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const shape =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) => {
    const found = fieldsOf(value);
    return found !== undefined && Object.entries(fields).every(([name, check]) => check(found.get(name)));
  };
const counts: Check = (value) => {
  const found = fieldsOf(value);
  return found !== undefined && [...found.values()].every((one) => Number.isSafeInteger(one));
};

const condition = shape({ type: isText, status: isText, reason: isText, message: isText, since: isTime });

const instance = shape({
  address: isText,
  wanted: orNull(isText),
  level: isText,
  asked: orNull(isText),
  drift: orNull(isText),
  blocked: orNull(isText),
  conditions: listOf(condition),
  examined_at: orNull(isTime),
});

const run = shape({
  format_version: (value) => typeof value === "string" && value.startsWith("1."),
  instances: listOf(instance),
  kernels: listOf(
    shape({
      release: isText,
      arch: isText,
      running: isFlag,
      ready: isText,
      problems: listOf(isText),
      not_ready: listOf(isText),
    }),
  ),
  levels: counts,
  drift: counts,
  blocked: counts,
  reboot_required: isFlag,
  reboot_reasons: listOf(isText),
  seen_at: orNull(isTime),
  last_success_at: orNull(isTime),
  basis: orNull(isText),
});

/**
 * What this version of the program has written, and nobody has changed since, has its shape: to look at all of it takes
 * longer than the rest of a run. Words of another version are passed on as they are.
 */
function isEarlierRun(value: unknown, isUnchanged: boolean): value is EarlierRun {
  return isUnchanged || run(value);
}
