import path from "node:path";
import type { FileStat } from "../host/files.ts";
import type { Host } from "../host/host.ts";
import { rememberReads } from "../host/remember-reads.ts";
import { isSystemError } from "../host/system-error.ts";
import type { ObjectSpec } from "./conf/dkms-conf.ts";
import { evaluateConf } from "./conf/evaluate-conf.ts";
import type { Evaluation } from "./conf/evaluation.ts";
import { readObjects } from "./conf/interpret-objects.ts";
import type { RawConf } from "./conf/raw-conf.ts";
import { destinationDirectory, readDistribution } from "./destination.ts";
import type { InstanceId, KernelId, ModuleId } from "./id.ts";
import { type Kernel, objectSuffixes } from "./kernel.ts";
import type { KnownEvaluations } from "./known-evaluations.ts";
import { absentKernel, readKernel } from "./read-kernels.ts";
import { readTree, type Tree, type TreeInstance, type TreeModule } from "./read-tree.ts";
import type { StatusEntry, StatusRemark } from "./status-line.ts";
import { kernelDirectory, moduleObjectsDirectory, sourceDirectory, sourceLink } from "./tree-layout.ts";

/** Which lines are wanted; everything given must match. */
export interface StatusFilter {
  readonly name?: string;
  readonly version?: string;
  /** One listing for each, one after the other, as dell/dkms does it. */
  readonly kernels?: readonly KernelFilter[];
}

export interface KernelFilter {
  readonly release?: string;
  readonly arch?: string;
}

/**
 * What `dkms status` has to say about the tree, in its order. Reads only, and what cannot be read is passed over as
 * dell/dkms does: the tree's findings tell of it. There are no lines for weakly installed objects, for 3.2.2 prints
 * none either.
 */
export async function readStatus(
  asked: Host,
  filter: StatusFilter = {},
  byBash?: KnownEvaluations,
): Promise<StatusEntry[]> {
  const host = rememberReads(asked);
  const tree = readTree(host);
  const look: Look = {
    host,
    distribution: readDistribution(host),
    kernels: new Map(),
    suffixes: new Map(),
    evaluations: new Map(),
    byBash,
    objects: new Map(),
  };
  const entries: StatusEntry[] = [];
  for (const kernel of filter.kernels ?? [{}]) {
    for (const module of chooseModules(tree, filter)) entries.push(...(await readModule(look, module, kernel)));
  }
  return entries;
}

/** What is the same for many instances and is read once. */
interface Look {
  readonly host: Host;
  readonly distribution: string;
  readonly kernels: Map<string, Kernel>;
  readonly suffixes: Map<string, string>;
  readonly evaluations: Map<string, Evaluation>;
  readonly byBash: KnownEvaluations | undefined;
  readonly objects: Map<RawConf, readonly ObjectSpec[]>;
}

function chooseModules(tree: Tree, { name, version }: StatusFilter): readonly TreeModule[] {
  return tree.modules.filter(({ id }) => (name ?? id.name) === id.name && (version ?? id.version) === id.version);
}

/** A module that is built for none of the wanted kernels is "added", whatever it is built for besides. */
async function readModule(look: Look, module: TreeModule, filter: KernelFilter): Promise<StatusEntry[]> {
  const { name, version } = module.id;
  if (isBroken(look.host, module)) return [{ level: "broken", name, version }];
  if (module.link === "missing") return [];
  const wanted = module.instances.filter(
    ({ kernel: { release, arch } }) => (filter.release ?? release) === release && (filter.arch ?? arch) === arch,
  );
  if (wanted.length === 0) return [{ level: "added", name, version }];
  const entries: StatusEntry[] = [];
  for (const instance of wanted) entries.push(await readInstance(look, module, instance));
  return entries;
}

/** A directory without link and without source is nothing at all to dell/dkms. */
function isBroken(host: Host, { id, link }: TreeModule): boolean {
  if (link !== "missing") return link === "dangling";
  return present(() => host.files.stat(sourceDirectory(host.paths, id)))?.kind === "directory";
}

async function readInstance(look: Look, module: TreeModule, instance: TreeInstance): Promise<StatusEntry> {
  const { name, version } = module.id;
  const { release, arch } = instance.kernel;
  const objects = await objectsOf(look, { module: module.id, kernel: instance.kernel });
  return {
    level: instance.active ? "installed" : "built",
    name,
    version,
    release,
    arch,
    remarks: objects ? readRemarks(look, module.id, instance, objects) : [],
  };
}

/**
 * Whatever dkms.conf says of objects, however many rules it breaks; `undefined` if it is not there: then dell/dkms gives
 * up before the first remark.
 */
async function objectsOf(look: Look, { module, kernel: id }: InstanceId): Promise<readonly ObjectSpec[] | undefined> {
  const file = `${sourceLink(look.host.paths, module)}/dkms.conf`;
  const kernel = kernelOf(look, id);
  try {
    const evaluated = await evaluateConf(look.host, { module, kernel, file, directives: {}, known: look });
    if (evaluated.ok) return objectsIn(look, evaluated.value.raw);
    // bash could make nothing of it: then it names no objects.
    return evaluated.error.code === "E_CONF_INVALID" ? [] : undefined;
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

function objectsIn({ objects }: Look, raw: RawConf): readonly ObjectSpec[] {
  const before = objects.get(raw);
  if (before) return before;
  const found = readObjects(raw, false, []);
  objects.set(raw, found);
  return found;
}

function readRemarks(
  look: Look,
  module: ModuleId,
  instance: TreeInstance,
  objects: readonly ObjectSpec[],
): StatusRemark[] {
  const problem = firstProblem(look, { module, kernel: instance.kernel }, instance.active, objects);
  return [...(instance.originalsSaved ? (["originals"] as const) : []), ...(problem ? [problem] : [])];
}

/** Only the first object that has a problem counts. */
function firstProblem(
  look: Look,
  id: InstanceId,
  isInstalled: boolean,
  objects: readonly ObjectSpec[],
): "missing" | "differs" | undefined {
  const { paths } = look.host;
  const directory = moduleObjectsDirectory(paths, id);
  const kernel = kernelDirectory(paths, id.kernel.release);
  for (const spec of objects) {
    const built = findObject(look, id, `${directory}/${spec.destName}`);
    if (!built) return "missing";
    if (!isInstalled) continue;
    // The kernel's top directory is looked at last; nothing is ever installed there.
    const places = [destinationDirectory(spec, look.distribution, paths.addonModules), spec.destLocation, ""];
    const installed = firstOf(places, (place) => findObject(look, id, objectPlace(kernel, place, spec)));
    if (!installed || !isSame(look.host, built, installed)) return "differs";
  }
  return undefined;
}

function objectPlace(kernel: string, place: string, { destName }: ObjectSpec): string {
  const below = place.replace(/^\/+|\/+$/g, "");
  return below === "" ? `${kernel}/${destName}` : `${kernel}/${below}/${destName}`;
}

interface Found {
  readonly place: string;
  readonly stat: FileStat;
}

function findObject(look: Look, { kernel }: InstanceId, withoutSuffix: string): Found | undefined {
  const find = (place: string): Found | undefined => {
    const stat = present(() => look.host.files.stat(place));
    return stat && { place, stat };
  };
  const plain = find(`${withoutSuffix}.ko`);
  if (plain) return plain;
  const suffix = compressedSuffix(look, kernel.release);
  return suffix === ".ko" ? undefined : find(`${withoutSuffix}${suffix}`);
}

function isSame({ files }: Host, one: Found, other: Found): boolean {
  if (one.stat.size !== other.stat.size || one.stat.kind !== "file" || other.stat.kind !== "file") return false;
  return present(() => files.sameContent(one.place, other.place)) ?? false;
}

/** What dell/dkms takes for the kernel's compression: any compressed object anywhere below it, the last kind found. */
function compressedSuffix({ host, suffixes }: Look, release: string): string {
  const known = suffixes.get(release);
  if (known !== undefined) return known;
  const found = suffixesBelow(host, kernelDirectory(host.paths, release));
  const suffix = [".ko.zst", ".ko.xz", ".ko.gz"].find((candidate) => found.has(candidate)) ?? ".ko";
  suffixes.set(release, suffix);
  return suffix;
}

function suffixesBelow(host: Host, directory: string, found = new Set<string>()): Set<string> {
  for (const { name, kind } of present(() => host.files.list(directory)) ?? []) {
    const suffix = objectSuffixes.find((candidate) => name.endsWith(candidate));
    if (suffix) found.add(suffix);
    if (kind === "directory" && !found.has(".ko.zst")) suffixesBelow(host, path.join(directory, name), found);
  }
  return found;
}

function kernelOf({ host, kernels }: Look, id: KernelId): Kernel {
  const known = kernels.get(`${id.release}/${id.arch}`);
  if (known) return known;
  const kernel = present(() => readKernel(host, id)) ?? absentKernel(host, id);
  kernels.set(`${id.release}/${id.arch}`, kernel);
  return kernel;
}

function firstOf<T, R>(values: readonly T[], look: (value: T) => R | undefined): R | undefined {
  for (const value of values) {
    const found = look(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What cannot be read counts as absent here: the lines have no word for it. */
function present<T>(read: () => T | undefined): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
