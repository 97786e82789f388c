import path from "node:path";
import type { Paths } from "../host/host.ts";
import { type InstanceId, type KernelId, type ModuleId, nameProblem } from "./id.ts";

/**
 * Where everything lies in the three trees, as dell/dkms 3.x has it. Pure: nothing is looked at. Every part of a path that
 * comes from an id is checked to be one plain path component, so that no id can lead out of its tree; an id that fails
 * the check is a bug of the caller's, who should have refused it, and is thrown.
 */

/** `<dkms tree>/<name>` */
export function packageDirectory(paths: Paths, name: string): string {
  return inside(paths.dkmsTree, component(name));
}

/** `<dkms tree>/<name>/<version>`: being there makes a module known. */
export function moduleDirectory(paths: Paths, module: ModuleId): string {
  return inside(packageDirectory(paths, module.name), component(module.version));
}

/** Beside the kernels of a version. */
export const sourceName = "source";

/** `<dkms tree>/<name>/<version>/source`, a link to {@link sourceDirectory}. */
export function sourceLink(paths: Paths, module: ModuleId): string {
  return inside(moduleDirectory(paths, module), sourceName);
}

/** `<dkms tree>/<name>/<version>/.source-mark.json`: see source-mark.ts. */
export function sourceMarkFile(paths: Paths, module: ModuleId): string {
  return path.join(moduleDirectory(paths, module), sourceMarkName);
}

/** Not hidden as what verbs keep for their undo is: it stays. */
export const sourceMarkName = ".source-mark.json";

/** `<source tree>/<name>-<version>` */
export function sourceDirectory(paths: Paths, { name, version }: ModuleId): string {
  return inside(paths.sourceTree, `${component(name)}-${component(version)}`);
}

/** `<dkms tree>/<name>/<version>/build`: dkms.conf files name it, so it is the same path for every kernel. */
export function buildDirectory(paths: Paths, module: ModuleId): string {
  return inside(moduleDirectory(paths, module), "build");
}

/** `<dkms tree>/<name>/<version>/build/make.log`, while building and after a failure. */
export function buildLog(paths: Paths, module: ModuleId): string {
  return inside(buildDirectory(paths, module), "make.log");
}

/** Beside the kernels of a version. */
export const tarballsName = "tarball";

/** `<dkms tree>/<name>/<version>/tarball`, the default place of mktarball's results. */
export function tarballDirectory(paths: Paths, module: ModuleId): string {
  return inside(moduleDirectory(paths, module), tarballsName);
}

/** `<dkms tree>/<name>/<version>/<release>`, with one directory for each architecture in it. */
export function releaseDirectory(paths: Paths, module: ModuleId, release: string): string {
  return inside(moduleDirectory(paths, module), component(release));
}

/** `<dkms tree>/<name>/<version>/<release>/<arch>`: a finished build. */
export function instanceDirectory(paths: Paths, { module, kernel }: InstanceId): string {
  return inside(releaseDirectory(paths, module, kernel.release), component(kernel.arch));
}

/** `<instance directory>/module`: being there is what makes an instance built. */
export function moduleObjectsDirectory(paths: Paths, instance: InstanceId): string {
  return inside(instanceDirectory(paths, instance), "module");
}

/** `<instance directory>/.dep_<dependency>`: the dependency's version at build time, with BUILD_DEPENDS_REBUILD. */
export function dependencyMark(paths: Paths, instance: InstanceId, dependency: string): string {
  return inside(instanceDirectory(paths, instance), `.dep_${component(dependency)}`);
}

/** `<instance directory>/.dkms-agent-build.json`: see build-record.ts. Hidden, so dell/dkms takes no notice of it. */
export function buildRecordFile(paths: Paths, instance: InstanceId): string {
  return inside(instanceDirectory(paths, instance), buildRecordName);
}

/** The build record's name, for a build that is still being staged. */
export const buildRecordName = ".dkms-agent-build.json";

/**
 * `<dkms tree>/<name>/<version>/<release>/.tmp_<arch>_`, to which a random part is added: the staging directory beside
 * {@link instanceDirectory}. dell/dkms uses the same prefix, so each cleans up what the other left behind.
 */
export function stagingPrefix(paths: Paths, { module, kernel }: InstanceId): string {
  return inside(releaseDirectory(paths, module, kernel.release), `.tmp_${component(kernel.arch)}_`);
}

/** `<dkms tree>/<name>/kernel-<release>-<arch>/module`: the objects of whichever version is installed. */
export function activeObjectsDirectory(paths: Paths, name: string, kernel: KernelId): string {
  return inside(activeLink(paths, name, kernel), "module");
}

/** `<dkms tree>/<name>/kernel-<release>-<arch>`: the link that makes an instance installed. */
export function activeLink(paths: Paths, name: string, kernel: KernelId): string {
  return inside(packageDirectory(paths, name), activeLinkName(kernel));
}

/** `kernel-<release>-<arch>` */
export function activeLinkName({ release, arch }: KernelId): string {
  return `kernel-${component(release)}-${component(arch)}`;
}

/** What the active link says: `<version>/<release>/<arch>`, relative, so that the tree can be moved. */
export function activeLinkTarget({ module, kernel }: InstanceId): string {
  return `${component(module.version)}/${component(kernel.release)}/${component(kernel.arch)}`;
}

/** `<dkms tree>/<name>/original_module/<release>/<arch>`: the objects that an install replaced, each with `.origin`. */
export function originalsDirectory(paths: Paths, name: string, kernel: KernelId): string {
  const saved = inside(packageDirectory(paths, name), originalsName);
  return inside(inside(saved, component(kernel.release)), component(kernel.arch));
}

/** `<originals directory>/collisions`, where several same-named objects were found. */
export function collisionsDirectory(paths: Paths, name: string, kernel: KernelId): string {
  return inside(originalsDirectory(paths, name, kernel), "collisions");
}

/** `original_module`, which stands among the versions and is none. */
export const originalsName = "original_module";

/** `<object>.origin` beside each object in it: its first line is where the object came from. */
export const originSuffix = ".origin";

/** `<install tree>/<release>` */
export function kernelDirectory(paths: Paths, release: string): string {
  return inside(paths.installTree, component(release));
}

/** The lock of one run: see apply/lock.ts. */
export function lockFile(paths: Paths): string {
  return inside(paths.state, "lock");
}

/** Held by the daemon as long as it lives, beside the lock that each of its runs takes. */
export function daemonLockFile(paths: Paths): string {
  return inside(paths.state, "daemon.lock");
}

/** Digests of files that did not change since: see known-digests.ts. */
export function digestsFile(paths: Paths): string {
  return inside(paths.state, "digests.json");
}

/** What was there when nothing was left to do: see known-scan.ts. */
export function knownScanFile(paths: Paths): string {
  return inside(paths.state, "scan.bin");
}

/** What checked documents ask for: see known-desired.ts. */
export function knownDesiredFile(paths: Paths): string {
  return inside(paths.state, "desired.json");
}

/** What kernel objects say of themselves: see known-objects.ts. */
export function objectFactsFile(paths: Paths): string {
  return inside(paths.state, "objects.json");
}

/** How the last run ended, and how things stand: see contract/last-run-schema.ts. */
export function lastRunFile(paths: Paths): string {
  return inside(paths.state, "last-run.json");
}

/** What the runs did, append-only JSON lines. */
export function journalFile(paths: Paths): string {
  return inside(paths.state, "journal.jsonl");
}

/** `<state>/logs/<name>/<version>/<release>/<arch>/make.log`: the log of the last failed build of one instance. */
export function failedBuildLog(paths: Paths, { module, kernel }: InstanceId): string {
  const parts = [module.name, module.version, kernel.release, kernel.arch].map(component);
  return path.join(paths.state, "logs", ...parts, "make.log");
}

/** `<state>/builds`: the private directories of builds that run side by side, each with a random name. */
export function privateBuildsDirectory(paths: Paths): string {
  return path.join(paths.state, "builds");
}

/** The directory of all {@link rememberedFailureFile}s. */
export function rememberedFailures(paths: Paths): string {
  return path.join(paths.state, "failures");
}

/** `<state>/failures/<name>/<version>/<release>/<arch>.json`: see failure-memory.ts. */
export function rememberedFailureFile(paths: Paths, { module, kernel }: InstanceId): string {
  const parts = [module.name, module.version, kernel.release, `${kernel.arch}.json`].map(component);
  return path.join(rememberedFailures(paths), ...parts);
}

/** `<state>/last-applied.json`: see last-applied.ts. */
export function lastAppliedFile(paths: Paths): string {
  return path.join(paths.state, "last-applied.json");
}

/** `<state>/protected`: see protections.ts. */
export function protectionsDirectory(paths: Paths): string {
  return path.join(paths.state, "protected");
}

/** `<state>/protected/<name>/<version>`: being there protects the module. */
export function protectionFile(paths: Paths, { name, version }: ModuleId): string {
  return path.join(protectionsDirectory(paths), component(name), component(version));
}

/**
 * `<state>/depmod-owed/<release>/<arch>`: written before what is installed for a kernel changes, removed when depmod has
 * run. A kill in between is thereby seen by the next scan, although every file is in its place.
 */
export function depmodMark(paths: Paths, { release, arch }: KernelId): string {
  return path.join(depmodMarks(paths), component(release), component(arch));
}

/** The directory of all {@link depmodMark}s. */
export function depmodMarks(paths: Paths): string {
  return inside(paths.state, "depmod-owed");
}

/** `<state>/initramfs/<release>/<arch>.json`: see initramfs.ts. */
export function initramfsRecordFile(paths: Paths, { release, arch }: KernelId): string {
  return path.join(initramfsRecords(paths), component(release), `${component(arch)}.json`);
}

/** The directory of all {@link initramfsRecordFile}s. */
export function initramfsRecords(paths: Paths): string {
  return inside(paths.state, "initramfs");
}

/** How a kernel's directory in the tree is told from `source`, `build` and `tarball`: digits, a dot, anything. */
export function isReleaseName(name: string): boolean {
  return /^[0-9]+\./.test(name);
}

/** `<directory>/<name>`: of a directory without slash at its end and a plain name; path.join looks at every letter. */
export function inside(directory: string, name: string): string {
  return directory === "/" ? `/${name}` : `${directory}/${name}`;
}

function component(text: string): string {
  const problem = nameProblem(text);
  if (problem) throw new Error(`"${text}" cannot be part of a path: it ${problem}`);
  return text;
}
