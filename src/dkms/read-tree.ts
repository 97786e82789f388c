import type { DirectoryEntry } from "../host/files.ts";
import type { Host } from "../host/host.ts";
import { findLeftovers, isDebris } from "./find-leftovers.ts";
import { findStrays, isActiveLink, type Strays } from "./find-strays.ts";
import { type KernelId, kernelKey, type ModuleId, moduleKey, nameProblem } from "./id.ts";
import { inside } from "./path-component.ts";
import {
  activeLink,
  activeLinkName,
  activeLinkTarget,
  isReleaseName,
  moduleDirectory,
  originalsDirectory,
  originalsName,
  packageDirectory,
  releaseDirectory,
  sourceDirectory,
  sourceLink,
  sourceName,
} from "./tree-layout.ts";
import { attempt, isDirectory, type Look, listing, type TreeFinding } from "./tree-look.ts";
import { asideArch } from "./verbs/aside.ts";

/** What one look at the DKMS tree shows: names and links, no contents. */
export interface Tree {
  /** In the order of `dkms status`: byte order of `name/version`. */
  readonly modules: readonly TreeModule[];
  /** What killed runs left beside the versions of a package, or in place of them; by name, in byte order. */
  readonly strays: readonly Strays[];
  /** What could not be read, and names that no module can have. Nothing of it hides the rest. */
  readonly findings: readonly TreeFinding[];
}

export interface TreeModule {
  readonly id: ModuleId;
  /** `linked`: the source link leads to a directory. `missing`: there is no link, whatever else may be there. */
  readonly link: "linked" | "dangling" | "missing";
  /** In the order of `dkms status`: byte order of `release/arch`. */
  readonly instances: readonly TreeInstance[];
  /** Kernels whose build a killed run moved aside and never replaced; it is among the leftovers, and can be put back. */
  readonly displaced: readonly KernelId[];
  /**
   * What a killed run left behind of this version, absolute paths: staging directories, temporary files (also among its
   * tarballs), build directories, kernel directories without a build in them. All of it can be deleted.
   */
  readonly leftovers: readonly string[];
}

/** A `<release>/<arch>` directory with `module` in it. */
export interface TreeInstance {
  readonly kernel: KernelId;
  /** Whether the active link of this kernel leads to this instance. */
  readonly active: boolean;
  /** original_module keeps objects for this kernel. */
  readonly originalsSaved: boolean;
}

/** One listing of the DKMS tree for status, scan and autoinstall. Only reads; an absent tree is an empty one. */
export function readTree(host: Host): Tree {
  const findings: TreeFinding[] = [];
  const { dkmsTree } = host.paths;
  const realTree = attempt({ findings }, dkmsTree, () => host.files.realPath(dkmsTree)) ?? dkmsTree;
  const look: Look = { host, realTree, findings };
  const entries = findings.length === 0 ? listing(look, dkmsTree) : [];
  const names = directoriesIn(look, dkmsTree, entries);
  if (names.length === 0 && findings.length === 0) noteIfNoDirectory(look, dkmsTree);
  const packages = names.map((name) => readPackage(look, name, isOwn(entries, name)));
  const modules = packages.flatMap((one) => one.modules);
  const strays = packages.map((one) => one.strays).filter(({ paths }) => paths.length > 0);
  return { modules: modules.sort((a, b) => byteOrder(moduleKey(a.id), moduleKey(b.id))), strays, findings };
}

/** Whether a directory is there itself, and not by a link. */
function isOwn(entries: readonly DirectoryEntry[], name: string): boolean {
  return entries.some((entry) => entry.name === name && entry.kind === "directory");
}

function readPackage(
  look: Look,
  name: string,
  own: boolean,
): { readonly modules: TreeModule[]; readonly strays: Strays } {
  const directory = packageDirectory(look.host.paths, name);
  const entries = listing(look, directory);
  const versions = directoriesIn(
    look,
    directory,
    entries.filter((entry) => entry.name !== originalsName && !isActiveLink(entry)),
  );
  const beside = new Set(entries.map((entry) => entry.name));
  const modules = versions
    .map((version) => readModule(look, { id: { name, version }, beside, own: own && isOwn(entries, version) }))
    .filter((module) => isKnown(look, module));
  const instances = modules.flatMap((module) => module.instances);
  const used = instances.filter(({ active }) => active).map(({ kernel }) => activeLinkName(kernel));
  const known = new Set([...modules.map(({ id }) => id.version), ...used]);
  const others = entries.filter((entry) => !known.has(entry.name));
  const paths = findStrays(look, directory, { entries: others, hasVersions: modules.length > 0 });
  return { modules, strays: { name, paths } };
}

interface ModuleLook {
  readonly id: ModuleId;
  /** What lies in the package's directory: versions, active links, saved originals. */
  readonly beside: ReadonlySet<string>;
  /** No link is on the way to it from the tree. */
  readonly own: boolean;
}

function readModule(look: Look, { id, beside, own }: ModuleLook): TreeModule {
  const directory = moduleDirectory(look.host.paths, id);
  const entries = listing(look, directory);
  const leftovers = findLeftovers(look, id, entries);
  const instances: TreeInstance[] = [];
  const displaced: KernelId[] = [];
  const others = entries.filter(({ name }) => name !== sourceName);
  for (const release of directoriesIn(look, directory, others).filter(isReleaseName)) {
    const isOwnRelease = own && isOwn(others, release);
    readRelease(look, { module: id, beside, own: isOwnRelease, release, instances, displaced, leftovers });
  }
  instances.sort((a, b) => byteOrder(kernelKey(a.kernel), kernelKey(b.kernel)));
  const source = entries.find(({ name }) => name === sourceName);
  return { id, link: readLinkState(look, id, source), instances, displaced, leftovers };
}

interface ReleaseLook {
  readonly module: ModuleId;
  readonly beside: ModuleLook["beside"];
  readonly own: boolean;
  readonly release: string;
  readonly instances: TreeInstance[];
  readonly displaced: KernelId[];
  readonly leftovers: string[];
}

function readRelease(look: Look, one: ReleaseLook): void {
  const { module, release, instances, displaced, leftovers } = one;
  const directory = releaseDirectory(look.host.paths, module, release);
  const troubles = look.findings.length;
  const entries = listing(look, directory);
  // What could not be listed is not empty.
  if (entries.length === 0 && look.findings.length === troubles) leftovers.push(directory);
  leftovers.push(...entries.filter(isDebris).map((entry) => inside(directory, entry.name)));
  const taken = entries.filter(({ kind }) => kind !== "link").map(({ name }) => name);
  const aside = entries.flatMap(({ name }) => asideArch(module.name, name) ?? []);
  displaced.push(...aside.filter((arch) => !taken.includes(arch)).map((arch) => ({ release, arch })));
  for (const arch of directoriesIn(look, directory, entries)) {
    const place = inside(directory, arch);
    const own = isOwn(entries, arch);
    const built = attempt(look, directory, () => isBuilt(look, place, own));
    if (built) instances.push(readInstance(look, { ...one, own: own && one.own }, { release, arch }));
    else if (built === false) leftovers.push(place);
  }
}

/** While POST_BUILD runs, a link to the staging directory stands where the build will be. */
function isBuilt(look: Look, instance: string, own: boolean): boolean {
  const isStaged = !own && look.host.files.readLink(instance)?.startsWith(".tmp_");
  return !isStaged && isDirectory(look, inside(instance, "module"));
}

function readInstance(look: Look, { module, beside, own }: ReleaseLook, kernel: KernelId): TreeInstance {
  const { files, paths } = look.host;
  const link = activeLink(paths, module.name, kernel);
  // Only the tree itself may be reached through a link: the active link must name this version, not another name of it.
  const text = activeLinkTarget({ module, kernel });
  const target = inside(inside(look.realTree, module.name), text);
  const leadsHere = () => (own && files.readLink(link) === text) || files.realPath(link) === target;
  const active = beside.has(activeLinkName(kernel)) && attempt(look, link, leadsHere);
  const originals = originalsDirectory(paths, module.name, kernel);
  const originalsSaved = beside.has(originalsName) && attempt(look, originals, () => isDirectory(look, originals));
  return { kernel, active: active ?? false, originalsSaved: originalsSaved ?? false };
}

function readLinkState(look: Look, id: ModuleId, source: DirectoryEntry | undefined): TreeModule["link"] {
  if (source?.kind !== "link") return "missing";
  const link = sourceLink(look.host.paths, id);
  const state = attempt(look, link, () => (isDirectory(look, link) ? "linked" : "dangling"));
  return state ?? "missing";
}

/**
 * Whether a directory beside the versions is a version. Without a source link it is one only if something of a module
 * is there: its source, which makes it broken, or a build, or what a killed run left.
 */
function isKnown(look: Look, { id, link, instances, leftovers }: TreeModule): boolean {
  if (link !== "missing" || instances.length > 0 || leftovers.length > 0) return true;
  const source = sourceDirectory(look.host.paths, id);
  return attempt(look, source, () => isDirectory(look, source)) ?? false;
}

/** Names of the directories that can be part of an id; like dell/dkms, through links too. Hidden ones are nobody's. */
function directoriesIn(look: Look, parent: string, entries = listing(look, parent)): string[] {
  return entries
    .filter(({ name }) => !name.startsWith("."))
    .filter((entry) => {
      const place = inside(parent, entry.name);
      const found = entry.kind === "link" ? attempt(look, place, () => isDirectory(look, place)) : undefined;
      return found ?? entry.kind === "directory";
    })
    .map(({ name }) => name)
    .filter((name) => isUsableName(look, parent, name));
}

function isUsableName(look: Look, parent: string, name: string): boolean {
  const problem = nameProblem(name);
  if (problem) {
    const place = inside(parent, name);
    const message = `${JSON.stringify(place)} is left alone: the name ${problem}.`;
    look.findings.push({ code: "E_BAD_NAME", path: place, message });
  }
  return problem === undefined;
}

function noteIfNoDirectory(look: Look, place: string): void {
  const stat = attempt(look, place, () => look.host.files.stat(place));
  if (stat && stat.kind !== "directory")
    look.findings.push({ code: "E_NOT_A_DIRECTORY", path: place, message: `${place} is not a directory.` });
}

function byteOrder(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
