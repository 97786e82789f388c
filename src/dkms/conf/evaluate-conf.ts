import type { Host } from "../../host/host.ts";
import { isSystemError } from "../../host/system-error.ts";
import { fail, type Result, succeed } from "../failure.ts";
import { type ModuleId, moduleKey } from "../id.ts";
import { ioFailure } from "../io-failure.ts";
import type { Kernel } from "../kernel.ts";
import { kernelConfigFile } from "../kernel-config.ts";
import type { KnownEvaluations } from "../known-evaluations.ts";
import { sourceLink } from "../tree-layout.ts";
import type { Evaluation } from "./evaluation.ts";
import { entriesOf, type RawConf, rawConfOf } from "./raw-conf.ts";
import { recordedConf } from "./recorded-conf.ts";
import { collapsed, rereadHere } from "./reread-value.ts";
import { evaluateStatically } from "./static-evaluator.ts";

export interface EvaluationRequest {
  readonly module: ModuleId;
  readonly kernel: Kernel;
  /** The module's own dkms.conf. */
  readonly file: string;
  /** Beat everything else; taken as written, never expanded. */
  readonly directives: Readonly<Record<string, string>>;
  readonly known?: ConfMemory;
}

/** What is known of files already, by what they say. */
export interface ConfMemory {
  /** What one look, or one run of verbs, has evaluated; grows while it goes on. */
  readonly evaluations: Map<string, Evaluation>;
  /** What bash has said, and what earlier runs have kept of that. */
  readonly byBash?: KnownEvaluations | undefined;
}

/**
 * The values of a dkms.conf, then of the override files of /etc/dkms, then of the directives.
 * Files of plain assignments are evaluated here, others by bash; where both can, they agree. On a host without bash, of a
 * build that came in a tarball without source, its build record speaks for the module's own file.
 */
export async function evaluateConf(host: Host, request: EvaluationRequest): Promise<Result<Evaluation>> {
  const variables = once(() => knownVariables(host, request));
  const complaints: string[] = [];
  let raw: RawConf = new Map();
  for (const file of [request.file, ...overrideFiles(host, request)]) {
    const text = readConf(host, file);
    if (!text.ok) return text;
    if (text.value === undefined) {
      if (file === request.file) return missing(request);
      continue;
    }
    const evaluated = await evaluateOnce(host, { file, text: text.value, variables, inherited: raw }, request.known);
    const found = evaluated.ok || file !== request.file ? evaluated : instead(host, request, evaluated);
    if (!found.ok) return found;
    raw = found.value.raw;
    complaints.push(...found.value.complaints);
  }
  return succeed({ raw: applyDirectives(raw, request.directives), complaints });
}

function instead(host: Host, { module, kernel, file }: EvaluationRequest, failed: Result<never>): Result<Evaluation> {
  if (failed.ok || failed.error.code !== "E_NO_TOOL" || file !== `${sourceLink(host.paths, module)}/dkms.conf`)
    return failed;
  const raw = recordedConf(host, { module, kernel: kernel.id });
  const notice = `The dkms.conf of ${moduleKey(module)} needs bash, which is not here; its build record says where the objects go.`;
  return raw ? succeed({ raw, complaints: [notice] }) : failed;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** What a dkms.conf finds set. */
export function knownVariables(
  { files, paths }: Pick<Host, "files" | "paths">,
  { module, kernel }: Pick<EvaluationRequest, "module" | "kernel">,
): ReadonlyMap<string, string> {
  const headers = kernel.headers?.directory ?? `${kernel.directory}/build`;
  return new Map([
    ["kernelver", kernel.id.release],
    ["arch", kernel.id.arch],
    ["module", module.name],
    ["module_version", module.version],
    ["dkms_tree", paths.dkmsTree],
    ["source_tree", paths.sourceTree],
    ["install_tree", paths.installTree],
    ["kernel_source_dir", headers],
    ["kernel_config", kernelConfigFile({ files }, kernel)],
  ]);
}

/** Those that are there, in the order in which they are sourced. */
function overrideFiles({ files, paths }: Host, { module, kernel }: EvaluationRequest): string[] {
  const present = namesIn(files, paths.dkmsSettings);
  if (present?.length === 0) return [];
  const { name, version } = module;
  const { release, arch } = kernel.id;
  const own = [name, `${name}-${version}`, `${name}-${version}-${release}`, `${name}-${version}-${release}-${arch}`];
  const names = [...own, `${name}--${release}`, `${name}--${release}-${arch}`].map((override) => `${override}.conf`);
  return names.filter((one) => present?.includes(one) ?? true).map((one) => `${paths.dkmsSettings}/${one}`);
}

/** `undefined` if they cannot be listed: what is in there may be readable all the same. */
function namesIn(files: Host["files"], directory: string): readonly string[] | undefined {
  try {
    return (files.list(directory) ?? []).map(({ name }) => name);
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

/** Far more than any real one; a larger file is a mistake, or meant to fill the memory. */
const longest = 1 << 20;

/** The text; `undefined` if the file is not there. */
function readConf({ files }: Host, file: string): Result<string | undefined> {
  try {
    const stat = files.stat(file);
    if (!stat) return succeed(undefined);
    if (stat.kind === "file" && stat.size <= longest) return succeed(files.readText(file));
    const what = stat.kind === "file" ? `has ${stat.size} bytes, more than ${longest}` : "is not a plain file";
    const remedy = "Put the module's dkms.conf there.";
    return fail("E_CONF_INVALID", `${file} ${what}.`, { path: file, remedy, dkmsExit: 8 });
  } catch (error) {
    return ioFailure(error, `read ${file}`);
  }
}

function missing({ module, file }: EvaluationRequest): Result<never> {
  const remedy = `Restore the source of ${module.name}/${module.version}, or name its dkms.conf.`;
  return fail("E_CONF_MISSING", `There is no ${file}.`, { path: file, remedy, dkmsExit: 4 });
}

interface FileRequest {
  readonly file: string;
  readonly text: string;
  readonly variables: () => ReadonlyMap<string, string>;
  readonly inherited: RawConf;
}

/**
 * Plain assignments without a `$` say the same for every module and kernel; others, for the same variables, wherever the
 * file lies; and what bash evaluates, for the same file by whatever path, unless it is sure that its place says nothing.
 */
async function evaluateOnce(
  host: Host,
  request: FileRequest,
  known: EvaluationRequest["known"],
): Promise<Result<Evaluation>> {
  const { file, text, inherited } = request;
  const own = known && inherited.size === 0 ? known.evaluations : undefined;
  const shared = own?.get(text);
  if (shared) return succeed(shared);
  const variables = request.variables();
  const key = [text, ...variables.values()].join("\0");
  const before = own?.get(key);
  if (before) return succeed(before);
  const plain = evaluateStatically(text, variables, inherited);
  const here = plain && withoutShell(plain, variables, inherited);
  if (here) {
    own?.set(text.includes("$") ? key : text, here);
    return succeed(here);
  }
  const ofPlace = `${host.files.realPath(file) ?? file}\0${key}`;
  const there = own?.get(ofPlace);
  if (there) return succeed(there);
  const { evaluateByBash } = await import("./evaluate-by-bash.ts");
  const evaluated = await evaluateByBash(host, { file, text, variables, inherited, plain }, known?.byBash);
  if (!evaluated.ok) return evaluated;
  const { isOfPlace, ...evaluation } = evaluated.value;
  own?.set(isOfPlace ? ofPlace : key, evaluation);
  return succeed(evaluation);
}

/** One file on top of what the earlier ones set; each starts with their directives, and none of their variables. */
function withoutShell(
  plain: RawConf,
  variables: ReadonlyMap<string, string>,
  inherited: RawConf,
): Evaluation | undefined {
  const here = rereadHere(variables, collapsed(plain));
  return here && { raw: rawConfOf([...entriesOf(inherited), ...entriesOf(here)]), complaints: [] };
}

/** `NAME`, `NAME[3]` and, to append, `NAME+`: what stands before the first = of dell/dkms's --directive. */
function applyDirectives(raw: RawConf, directives: Readonly<Record<string, string>>): RawConf {
  const given = Object.entries(directives);
  if (given.length === 0) return raw;
  const entries = [...entriesOf(raw)];
  for (const [key, value] of given) {
    const [, name = "", index = "0", append = ""] = /^(\w+)(?:\[(\d+)\])?(\+?)$/.exec(key) ?? [];
    const before = entries.findLast((entry) => entry.name === name && entry.index === Number(index));
    entries.push({ name, index: Number(index), value: append ? (before?.value ?? "") + value : value });
  }
  return rawConfOf(entries);
}
