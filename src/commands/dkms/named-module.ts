import path from "node:path";
import type { SourceWord } from "../../dkms/command-line/dkms-call.ts";
import type { DkmsVerb } from "../../dkms/command-line/dkms-verbs.ts";
import { suggestKnown, suggestSources } from "../../dkms/command-line/suggest.ts";
import { loadConf } from "../../dkms/conf/load-conf.ts";
import { type Failure, fail, type Result, succeed } from "../../dkms/failure.ts";
import { type ModuleId, moduleKey, moduleProblem, versionProblem } from "../../dkms/id.ts";
import { absentKernel, readKernel } from "../../dkms/read-kernels.ts";
import { moduleDirectory, sourceDirectory } from "../../dkms/tree-layout.ts";
import { hasSource, requireSource } from "../../dkms/verbs/tree-checks.ts";
import { kernelOf, type Session } from "./session.ts";

/** The module that a command line is about, and where it comes from. */
export interface NamedModule {
  readonly module: ModuleId;
  /** A directory to be copied to the source tree; `undefined`: it is known, or its source is in the source tree. */
  readonly source: string | undefined;
}

/** Of verbs that need a known module: E_USAGE (1), E_NOT_IN_TREE (3), E_BROKEN_MODULE (4). */
export function knownModule(session: Session): Result<ModuleId> {
  const module = writtenModule(session);
  if (!module.ok) return module;
  const { host } = session;
  const known = isPossible(module.value) ? requireSource(host, module.value) : notInTree(module.value);
  if (known.ok) return module;
  return known.error.code === "E_NOT_IN_TREE" ? suggesting(known.error, suggestKnown(host, module.value)) : known;
}

/**
 * Of verbs that add: by name and version, or by a directory with a dkms.conf. Fails with E_USAGE (1), E_NO_SOURCE (2),
 * E_ALREADY_ADDED (3; only of a directory), and as loadConf.
 */
export async function addableModule(session: Session): Promise<Result<NamedModule>> {
  const { host, call } = session;
  const { source } = call;
  const isNamed = call.name !== undefined || call.version !== undefined;
  if (source && !isNamed) return fromSource(session, source);
  if (source) session.tell({ type: "notice", text: `${source.path} is ignored: a module is named already.` });
  const module = writtenModule(session);
  if (!module.ok) return module;
  if (!isPossible(module.value)) return notADirectory(module.value);
  const place = sourceDirectory(host.paths, module.value);
  const isThere = host.files.stat(place)?.kind === "directory";
  if (!isThere && !hasSource(host, module.value) && !isInTree(session, module.value))
    return noSource(session, module.value, place);
  return succeed({ module: module.value, source: undefined });
}

/** E_ALREADY_ADDED (3). */
export function alreadyAdded(session: Session, module: ModuleId): Result<never> {
  const path = moduleDirectory(session.host.paths, module);
  const remedy = `Build or install it, or remove it first: dkms remove ${moduleKey(module)} --all.`;
  return fail("E_ALREADY_ADDED", `${moduleKey(module)} is added already: ${path}.`, { path, remedy, dkmsExit: 3 });
}

/** Name and version as they are written; E_USAGE (1) if one is missing, with those that could be meant. */
function writtenModule({ host, call }: Session): Result<ModuleId> {
  const { name, version, verb } = call;
  if (name !== undefined && version !== undefined) return succeed({ name, version });
  const missing = name === undefined ? (version === undefined ? "module" : "name of the module") : `version of ${name}`;
  const known = suggestKnown(host, { name, version }) ?? suggestSources(host, { name, version });
  const isVersion = version !== undefined && versionProblem(version) === undefined;
  const example = `: dkms ${verb} ${name ?? "hello"}/${isVersion ? version : "1.0"}`;
  const form = `Write it as NAME/VERSION${known === undefined ? example : ""}.`;
  const isPath = name === undefined && version !== undefined && takesDirectory.has(verb);
  const hints = [known, form, isPath ? onlyWithConf : undefined].filter((hint) => hint !== undefined);
  return fail("E_USAGE", `No ${missing} is given.`, { remedy: hints.join(" ") });
}

/** A word that begins with a slash is read as a version without a name, by dell/dkms too. */
const takesDirectory: ReadonlySet<DkmsVerb> = new Set<DkmsVerb>(["add", "build", "install"]);
const onlyWithConf = "A path is taken for that of a module only where it is there and holds a dkms.conf.";

async function fromSource(session: Session, { path: word }: SourceWord): Promise<Result<NamedModule>> {
  const { host } = session;
  const place = path.resolve(word);
  const directory = path.basename(place) === "dkms.conf" ? path.dirname(place) : place;
  const id = kernelOf(session);
  if (!id.ok) return id;
  const kernel = readKernel(host, id.value) ?? absentKernel(host, id.value);
  const file = path.join(directory, "dkms.conf");
  // The file itself says what the module is called.
  const unnamed = { name: path.basename(directory), version: "0" };
  const conf = await loadConf(host, { module: unnamed, kernel, file, directives: session.call.options.directives });
  if (!conf.ok) return conf;
  const module = { name: conf.value.packageName, version: conf.value.packageVersion };
  const problem = moduleProblem(module);
  if (problem !== undefined) {
    const message = `${file} is not usable: PACKAGE_NAME or PACKAGE_VERSION ${problem}.`;
    return fail("E_CONF_INVALID", message, { path: file, remedy: "Correct the file.", dkmsExit: 8 });
  }
  return hasSource(host, module) ? alreadyAdded(session, module) : succeed({ module, source: directory });
}

/** Of what cannot be a module's name and version, such as a path with a typing error in it. */
function notADirectory(module: ModuleId): Result<never> {
  const word = moduleKey(module);
  const message = `${word} is no directory with a dkms.conf, and cannot be a module's name and version.`;
  const remedy = "Correct the path, or put a dkms.conf there; or write NAME/VERSION.";
  return fail("E_NO_SOURCE", message, { path: word, remedy, dkmsExit: 2 });
}

function noSource(session: Session, module: ModuleId, place: string): Result<never> {
  const message = `There is no source of ${moduleKey(module)}: ${place} does not exist.`;
  const suggestion = suggestSources(session.host, module) ?? suggestKnown(session.host, module);
  const remedy = "Put the source there, or name the directory that holds its dkms.conf.";
  return suggesting(fail("E_NO_SOURCE", message, { path: place, remedy, dkmsExit: 2 }).error, suggestion);
}

function notInTree(module: ModuleId): Result<never> {
  return fail("E_NOT_IN_TREE", `${moduleKey(module)} is not in the DKMS tree.`, { dkmsExit: 3 });
}

function suggesting(failure: Failure, suggestion: string | undefined): Result<never> {
  if (suggestion === undefined) return { ok: false, error: failure };
  return { ok: false, error: { ...failure, remedy: `${suggestion} ${failure.remedy ?? ""}`.trim() } };
}

function isInTree({ host }: Session, module: ModuleId): boolean {
  return requireSource(host, module).ok || host.files.stat(moduleDirectory(host.paths, module)) !== undefined;
}

function isPossible(module: ModuleId): boolean {
  return moduleProblem(module) === undefined;
}
