import path from "node:path";
import type { EngineName } from "../apply/carry-out.ts";
import { parseWait } from "../desired-state/duration.ts";
import { parseJobCount } from "../desired-state/size.ts";
import type { Result } from "../dkms/failure.ts";
import { nameProblem } from "../dkms/id.ts";
import type { UsageError } from "./usage-error.ts";

/** Values by camel-cased name: a text, texts, true, a number of times. */
export type OptionValues = Readonly<Record<string, unknown>>;

/** One option, as the parser and the help want it. */
export interface OptionSpec {
  readonly flags: string;
  readonly description: string;
  /** May be given several times. */
  readonly repeatable?: true;
  /** All values that it can have, where they are few. */
  readonly values?: readonly string[];
}

/** Options of every command. Values are checked by {@link parseSharedOptions}. */
export const sharedOptionSpecs: readonly OptionSpec[] = [
  {
    flags: "-f, --desired <path>",
    description:
      "the desired state: a document, or a directory of *.yaml; repeatable, and then all of them count together (default: ROOT/etc/dkms-agent/desired-state)",
    repeatable: true,
  },
  { flags: "--root <dir>", description: "work on the system below this directory; nothing outside it is written" },
  { flags: "--dkms-tree <dir>", description: "where DKMS keeps its modules (default: ROOT/var/lib/dkms)" },
  { flags: "--source-tree <dir>", description: "where module sources are (default: ROOT/usr/src)" },
  { flags: "--install-tree <dir>", description: "where kernels keep their modules (default: ROOT/lib/modules)" },
  { flags: "--module <name[/version]>", description: "only this module (repeatable)", repeatable: true },
  { flags: "--kernel <release>", description: "only this kernel, as if it were the running one" },
  { flags: "--json", description: "JSON on stdout: one document, for apply one event per line" },
  { flags: "--no-color", description: "no colours, also on a terminal (as with NO_COLOR in the environment)" },
  {
    flags: "-v, --verbose",
    description: "tell more: steps and their order, places in the documents",
    repeatable: true,
  },
  { flags: "-q, --quiet", description: "tell only what fails, is blocked or changes" },
  { flags: "--lock-timeout <time>", description: "how long to wait for another run, e.g. 30s, 5m, 0 (default: 30s)" },
  {
    flags: "--allow-insecure-files",
    description: "as root, read documents that others can write to",
  },
];

/** The values of the shared options, checked, defaults filled in. */
export interface SharedOptions {
  /** Documents, and directories of documents, that count together. */
  readonly desired: readonly string[];
  /** Whether `--desired` was given: a default place may be absent where nothing needs it. */
  readonly desiredGiven: boolean;
  readonly places: Places;
  readonly modules: readonly ModulePattern[];
  readonly kernel: string | undefined;
  readonly json: boolean;
  readonly color: boolean;
  readonly verbosity: number;
  readonly quiet: boolean;
  /** `undefined`: what the settings say. */
  readonly lockTimeoutMs: number | undefined;
  readonly allowInsecureFiles: boolean;
}

export interface Places {
  readonly root?: string;
  readonly dkmsTree?: string;
  readonly sourceTree?: string;
  readonly installTree?: string;
}

export interface ModulePattern {
  readonly name: string;
  readonly version: string | undefined;
}

/** The shared options from what the command line says, or the first thing that cannot be meant. */
export function parseSharedOptions(values: OptionValues): Result<SharedOptions, UsageError> {
  const places = readPlaces(values);
  if (!places.ok) return places;
  const modules = readModules(values.module);
  if (!modules.ok) return modules;
  const kernel = readKernel(values.kernel);
  if (!kernel.ok) return kernel;
  const lockTimeoutMs = readLockTimeout(values.lockTimeout);
  if (!lockTimeoutMs.ok) return lockTimeoutMs;
  const verbosity = typeof values.verbose === "number" ? values.verbose : 0;
  const quiet = values.quiet === true;
  if (quiet && verbosity > 0) return refuse("--quiet and --verbose contradict each other.", "Leave one of them out.");
  const desired = textsOf(values.desired);
  if (desired.includes(""))
    return refuse("--desired: the path is empty.", "Name a document, or a directory of documents.");
  return done({
    desired: desired.length > 0 ? desired : [path.join(places.value.root ?? "/", "etc/dkms-agent/desired-state")],
    desiredGiven: desired.length > 0,
    places: places.value,
    modules: modules.value,
    kernel: kernel.value,
    json: values.json === true,
    color: values.color !== false,
    verbosity,
    quiet,
    lockTimeoutMs: lockTimeoutMs.value,
    allowInsecureFiles: values.allowInsecureFiles === true,
  });
}

/** The number of jobs, or `undefined` for the default. */
export function parseJobs(value: unknown): Result<number | undefined, UsageError> {
  if (typeof value !== "string") return done(undefined);
  const parsed = parseJobCount(value);
  return parsed.ok
    ? parsed
    : refuse(`--jobs: ${parsed.error.message}`, "Give a whole number from 1 to 1024, e.g. --jobs 4.");
}

/** Which engine carries out the steps. */
export function parseEngine(value: unknown): Result<EngineName, UsageError> {
  if (value === undefined || value === "builtin") return done("builtin");
  if (value === "dkms") return done("dkms");
  return refuse(`--engine: there is no engine "${String(value)}".`, "Give builtin or dkms.");
}

const placeOptions = [
  ["root", "--root"],
  ["dkmsTree", "--dkms-tree"],
  ["sourceTree", "--source-tree"],
  ["installTree", "--install-tree"],
] as const;

function readPlaces(values: OptionValues): Result<Places, UsageError> {
  const places: { -readonly [Key in keyof Places]: Places[Key] } = {};
  for (const [key, flag] of placeOptions) {
    const value = values[key];
    if (typeof value !== "string") continue;
    if (value === "")
      return refuse(`${flag}: the directory is empty text.`, `Name a directory, e.g. ${flag} /srv/image.`);
    if (value.includes("\0"))
      return refuse(`${flag}: the directory contains a NUL character.`, "Name another directory.");
    places[key] = value;
  }
  return done(places);
}

function readModules(value: unknown): Result<readonly ModulePattern[], UsageError> {
  const modules: ModulePattern[] = [];
  for (const text of textsOf(value)) {
    const slash = text.indexOf("/");
    const name = slash < 0 ? text : text.slice(0, slash);
    const version = slash < 0 ? undefined : text.slice(slash + 1);
    const problem = nameProblem(name) ?? (version === undefined ? undefined : nameProblem(version));
    if (problem) {
      const message = `--module: "${text}" is not NAME or NAME/VERSION: a part of it ${problem}.`;
      return refuse(message, "For example: --module v4l2loopback, or --module v4l2loopback/0.12.7.");
    }
    modules.push({ name, version });
  }
  return done(modules);
}

/** Of a repeatable option. */
function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((text) => typeof text === "string") : [];
}

function readKernel(value: unknown): Result<string | undefined, UsageError> {
  if (typeof value !== "string") return done(undefined);
  const problem = nameProblem(value);
  if (problem === undefined) return done(value);
  return refuse(
    `--kernel: "${value}" is not a kernel release: it ${problem}.`,
    'Give what "uname -r" prints there, e.g. --kernel 6.1.0-56-amd64.',
  );
}

function readLockTimeout(value: unknown): Result<number | undefined, UsageError> {
  if (typeof value !== "string") return done(undefined);
  const parsed = parseWait(value);
  return parsed.ok ? parsed : refuse(`--lock-timeout: ${parsed.error.message}`, parsed.error.hint);
}

function done<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

function refuse(message: string, hint: string | undefined): { readonly ok: false; readonly error: UsageError } {
  return { ok: false, error: { message, ...(hint === undefined ? {} : { hint }) } };
}
