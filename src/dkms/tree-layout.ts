import path from "node:path";
import type { Paths } from "../host/host.ts";
import type { InstanceId, KernelId, ModuleId } from "./id.ts";
import { component, inside } from "./path-component.ts";

/** Where everything lies in the three trees, as dell/dkms 3.x has it. Pure: nothing is looked at. */

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

/** How a kernel's directory in the tree is told from `source`, `build` and `tarball`: digits, a dot, anything. */
export function isReleaseName(name: string): boolean {
  return /^[0-9]+\./.test(name);
}
