import type { Host } from "../../host/host.ts";
import { readBuilt } from "../footprint.ts";
import { type InstanceId, type KernelId, kernelKey, nameProblem } from "../id.ts";
import { objectName } from "../object-name.ts";
import { packageDirectory } from "../tree-layout.ts";
import { activeVersion } from "./tree-checks.ts";

/** An object of another package, or of the same one for another architecture, that is installed for the same release. */
export interface Rival {
  readonly instance: InstanceId;
  /** The object's, without suffix. */
  readonly name: string;
  /** Of the build. */
  readonly sha256: string;
}

/**
 * The objects with one of the names that other packages have installed for the instance's kernel, or its own package for
 * another architecture of that release, as their active links say, whether they are in the install tree at the moment or
 * not: one release has one install tree.
 */
export function findRivals(host: Host, instance: InstanceId, names: ReadonlySet<string>): readonly Rival[] {
  const { files, paths } = host;
  const packages = (files.list(paths.dkmsTree) ?? []).map(({ name }) => name).filter(isPackage);
  return packages.flatMap((name) => {
    const isOwn = name === instance.module.name;
    const kernels = isOwn ? otherArchitectures(host, instance) : [instance.kernel];
    return kernels.flatMap((kernel) => installedObjects(host, { name, kernel }, names));
  });
}

interface Installed {
  readonly name: string;
  readonly kernel: KernelId;
}

function installedObjects(host: Host, { name, kernel }: Installed, names: ReadonlySet<string>): readonly Rival[] {
  const version = activeVersion(host, name, kernel);
  if (version === undefined || nameProblem(version) !== undefined) return [];
  const instance = { module: { name, version }, kernel };
  return readBuilt(host, instance, names).map(({ file, sha256 }) => ({
    instance,
    name: objectName(file) ?? file,
    sha256,
  }));
}

/** By the active links `kernel-<release>-<arch>` that lie beside the instance's own. */
function otherArchitectures({ files, paths }: Host, { module, kernel }: InstanceId): readonly KernelId[] {
  const start = `kernel-${kernel.release}-`;
  const links = (files.list(packageDirectory(paths, module.name)) ?? []).filter(({ name }) => name.startsWith(start));
  return links
    .map(({ name }) => ({ release: kernel.release, arch: name.slice(start.length) }))
    .filter((other) => nameProblem(other.arch) === undefined && kernelKey(other) !== kernelKey(kernel));
}

function isPackage(name: string): boolean {
  return !name.startsWith(".") && nameProblem(name) === undefined;
}
