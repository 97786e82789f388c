import path from "node:path";
import { didYouMean } from "../dkms/did-you-mean.ts";
import type { Result } from "../dkms/failure.ts";
import type { NamedTrees } from "../dkms/framework/choose-trees.ts";
import { defaultSigning, type SigningSettings } from "../dkms/signing/signing.ts";
import { type ArchiveLimits, defaultArchiveLimits } from "../host/archive/archive-limits.ts";
import type { Host } from "../host/host.ts";
import { attempt } from "./attempt.ts";
import { daemonSchema } from "./daemon-schema.ts";
import type { Diagnostic, Fault } from "./diagnostic.ts";
import { parseDuration, parseWait } from "./duration.ts";
import { findInsecureFiles } from "./insecure-files.ts";
import { present } from "./load-desired.ts";
import { mostTokens, parseYaml } from "./parse-yaml.ts";
import { type Checked, faultAt, isError, type PlacedFault } from "./placed-fault.ts";
import { readDocument } from "./read-document.ts";
import type { LoadOptions } from "./read-documents.ts";
import { schemaFaults } from "./schema-faults.ts";
import {
  type DaemonSettings,
  defaultDaemonSettings,
  defaultSettings,
  type Settings,
  settingsPlace,
} from "./settings.ts";
import { mostEntries, mostRatio, type SettingsShape, settingsSchema } from "./settings-schema.ts";
import { parseCount, parseJobCount, parseSize } from "./size.ts";
import { quote, type SourceText } from "./source-text.ts";
import { checkedAlready } from "./text-field.ts";
import { entryAt, type Tree, toPlain } from "./tree.ts";

export interface LoadedSettings {
  /** `undefined` if and only if one of the diagnostics is an error. */
  readonly settings: Settings | undefined;
  /** Every problem at once, in order of place. */
  readonly diagnostics: readonly Diagnostic[];
}

/** What it takes of a host. The trees are not looked at, so one without them will do: the settings may name them. */
export type SettingsHost = Pick<Host, "root" | "files" | "machine">;

export interface SettingsOptions extends Pick<LoadOptions, "allowInsecureFiles"> {
  /** Another file than that of the host, which then must be there. */
  readonly file?: string;
}

/**
 * The agent's settings from `<root>/etc/dkms-agent/config.yaml`, checked like the desired state.
 * Without the file, or with one of comments only, everything is at its default. Never throws for what stands in the
 * file or how it lies on the disk.
 */
export function loadSettings(host: SettingsHost, options: SettingsOptions): LoadedSettings {
  const file = options.file ?? path.join(host.root, settingsPlace);
  const found = attempt(() => host.files.lstat(file));
  const mayBeAbsent = options.file === undefined;
  if (mayBeAbsent && found.ok && found.value === undefined) return { settings: defaultSettings, diagnostics: [] };
  const insecure = options.allowInsecureFiles ? [] : findInsecureFiles(host, [file]);
  const checked = insecure.length > 0 ? { value: undefined, faults: insecure } : readSettings(host, file);
  const diagnostics = present(checked.faults);
  const settings = checked.faults.some(isError) || !checked.value ? undefined : toSettings(checked.value);
  return { settings, diagnostics };
}

function readSettings(host: SettingsHost, file: string): Checked<SettingsShape> {
  const document = readDocument(host, file);
  if (!document.value) return { value: undefined, faults: document.faults };
  return parseSettings(document.value.source);
}

/** The settings that a text holds, or every problem in it. */
function parseSettings(source: SourceText): Checked<SettingsShape> {
  const { value: tree, faults } = parseYaml(source, mostTokens);
  // A file in which every line is a comment says nothing, and that is fine here.
  const isEmpty = !tree && faults.every(({ fault }) => fault.code === "E_EMPTY");
  if (isEmpty) return { value: {}, faults: [] };
  if (!tree) return { value: undefined, faults };
  const checked = settingsSchema.safeParse(toPlain(tree));
  const issues = checked.success ? [] : checked.error.issues;
  const unknown = issues.flatMap((issue) =>
    issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [],
  );
  const others = issues.filter(({ code }) => code !== "unrecognized_keys");
  // What a duplicate key or an alias left behind is no news.
  const told = new Set(faults.map(({ at }) => at?.span.start));
  const fresh = [
    ...unknown.map((keys) => faultAt(source, entryAt(tree, keys)?.key ?? tree.span, unknownKey(keys))),
    ...schemaFaults(source, tree, others),
    ...halfPair(source, tree),
  ].filter(({ at }) => !told.has(at?.span.start));
  return { value: checked.data, faults: [...faults, ...fresh] };
}

const settingsKeys = Object.keys(settingsSchema.shape);
const daemonKeys = Object.keys(daemonSchema.shape);

function unknownKey(path: readonly PropertyKey[]): Fault {
  const key = String(path.at(-1));
  const [where, known] = path.length > 1 ? [`"${String(path[0])}"`, daemonKeys] : ["the settings", settingsKeys];
  const hint = didYouMean(key, known) ?? `The keys are ${known.join(", ")}.`;
  return { code: "E_UNKNOWN_KEY", message: `There is no key ${quote(key)} in ${where}.`, hint };
}

/** A key of the settings with the certificate of framework.conf would sign what nobody can check. */
function halfPair(source: SourceText, tree: Tree): readonly PlacedFault[] {
  const [key, certificate] = ["signing_key", "certificate"].map((name) => entryAt(tree, [name])?.key);
  const alone = key ?? certificate;
  if (!alone || (key && certificate)) return [];
  const [here, there] = key ? ["signing_key", "certificate"] : ["certificate", "signing_key"];
  const message = `"${here}" is set without "${there}", and the two belong together.`;
  return [faultAt(source, alone, { code: "E_MISSING_KEY", message, hint: `Write the path of the ${there} too.` })];
}

function toSettings(shape: SettingsShape): Settings {
  const usual = defaultSettings;
  return {
    signing: signingOf(shape),
    jobs: readOr(shape.jobs, parseJobCount, usual.jobs),
    buildTimeoutMs: readOr(shape.build_timeout, parseDuration, usual.buildTimeoutMs),
    lockTimeoutMs: readOr(shape.lock_timeout, parseWait, usual.lockTimeoutMs),
    hooks: shape.hooks ?? usual.hooks,
    tarballLimits: limitsOf(shape),
    daemon: daemonOf(shape.daemon ?? {}),
    metricsFile: shape.metrics_file,
    trees: treesOf(shape),
  };
}

/** What a field says, or the usual value where nothing is written. */
function readOr<Value, Usual>(
  text: string | undefined,
  parse: (text: string) => Result<Value, Fault>,
  usual: Usual,
): Value | Usual {
  return text === undefined ? usual : checkedAlready(parse(text));
}

function daemonOf({
  schedule,
  timezone,
  jitter,
  watch,
  debounce,
}: NonNullable<SettingsShape["daemon"]>): DaemonSettings {
  const usual = defaultDaemonSettings;
  return {
    schedule: schedule === "never" ? undefined : (schedule ?? usual.schedule),
    timezone,
    jitterMs: readOr(jitter, parseWait, usual.jitterMs),
    watch: watch === undefined ? usual.watch : watch === "true",
    debounceMs: readOr(debounce, parseDuration, usual.debounceMs),
  };
}

function limitsOf({
  tarball_entries: entries,
  tarball_size: bytes,
  tarball_file_size: fileBytes,
  tarball_ratio: ratio,
}: SettingsShape): ArchiveLimits {
  const usual = defaultArchiveLimits;
  return {
    entries: readOr(entries, (text) => parseCount(text, mostEntries), usual.entries),
    bytes: readOr(bytes, parseSize, usual.bytes),
    fileBytes: readOr(fileBytes, parseSize, usual.fileBytes),
    ratio: readOr(ratio, (text) => parseCount(text, mostRatio), usual.ratio),
  };
}

function signingOf({ signing, sign_file: signFile, signing_key: key, certificate }: SettingsShape): SigningSettings {
  return {
    policy: signing ?? defaultSigning.policy,
    ...(signFile === undefined ? {} : { signFile }),
    ...(key === undefined || certificate === undefined ? {} : { pair: { key, certificate } }),
  };
}

function treesOf({
  dkms_tree: dkmsTree,
  source_tree: sourceTree,
  install_tree: installTree,
}: SettingsShape): NamedTrees {
  return {
    ...(dkmsTree === undefined ? {} : { dkmsTree }),
    ...(sourceTree === undefined ? {} : { sourceTree }),
    ...(installTree === undefined ? {} : { installTree }),
  };
}
