import path from "node:path";
import type { Host } from "../../host/host.ts";
import { fail, type Result, succeed } from "../failure.ts";
import { type InstanceId, type KernelId, type ModuleId, moduleKey } from "../id.ts";
import {
  activeLink,
  instanceDirectory,
  isReleaseName,
  moduleDirectory,
  moduleObjectsDirectory,
  packageDirectory,
  sourceDirectory,
  sourceLink,
} from "../tree-layout.ts";

/**
 * What a verb asks of the DKMS tree right before it acts. Always of the disk: dell/dkms takes no lock, so what was seen
 * a moment ago may be gone.
 */

/** Fails with E_NOT_IN_TREE (3) if the DKMS tree has no such module. */
export function requireAdded({ files, paths }: Host, module: ModuleId): Result<undefined> {
  const path = moduleDirectory(paths, module);
  if (files.stat(path)?.kind === "directory") return succeed(undefined);
  const remedy = `dkms-agent dkms status tells what is there; dkms-agent dkms add ${moduleKey(module)} would add it.`;
  return fail("E_NOT_IN_TREE", `${moduleKey(module)} is not in the DKMS tree.`, { path, remedy, dkmsExit: 3 });
}

/** The source directory, as the link names it. Fails with E_NOT_IN_TREE (3) or E_BROKEN_MODULE (4). */
export function requireSource(host: Host, module: ModuleId): Result<string> {
  const added = requireAdded(host, module);
  if (!added.ok) return added;
  const link = sourceLink(host.paths, module);
  if (hasSource(host, module)) return succeed(link);
  return fail("E_BROKEN_MODULE", `${moduleKey(module)} is broken: ${link} leads to no directory.`, {
    path: link,
    remedy: `Put the source back to ${sourceDirectory(host.paths, module)} and add it again. To be rid of the module, list it in a document with "state: absent".`,
    dkmsExit: 4,
  });
}

/** Whether the module's source link leads to a directory. */
export function hasSource({ files, paths }: Host, module: ModuleId): boolean {
  const link = sourceLink(paths, module);
  return files.lstat(link)?.kind === "link" && files.stat(link)?.kind === "directory";
}

/** Whether the instance has been built, by whomever. A link stands in its place only while POST_BUILD runs. */
export function isBuilt({ files, paths }: Host, instance: InstanceId): boolean {
  const isStaged = files.readLink(instanceDirectory(paths, instance))?.startsWith(".tmp_") ?? false;
  return !isStaged && files.stat(moduleObjectsDirectory(paths, instance))?.kind === "directory";
}

/** Which version of a module is installed for a kernel, as the active link says; `undefined`: none. */
export function activeVersion({ files, paths }: Host, name: string, kernel: KernelId): string | undefined {
  const target = files.readLink(activeLink(paths, name, kernel));
  const [version, release, arch] = (target ?? "").split("/").filter(Boolean).slice(-3);
  return release === kernel.release && arch === kernel.arch ? version : undefined;
}

/** Whether this very version is the installed one. */
export function isActive(host: Host, { module, kernel }: InstanceId): boolean {
  return activeVersion(host, module.name, kernel) === module.version;
}

/** The kernels that a module has been built for. */
export function builtKernels(host: Host, module: ModuleId): KernelId[] {
  const top = moduleDirectory(host.paths, module);
  const releases = directoriesIn(host, top).filter(isReleaseName);
  const kernels = releases.flatMap((release) =>
    directoriesIn(host, path.join(top, release)).map((arch) => ({ release, arch })),
  );
  return kernels.filter((kernel) => isBuilt(host, { module, kernel }));
}

/** The versions of a module that have been built for a kernel. */
export function builtVersions(host: Host, name: string, kernel: KernelId): string[] {
  const top = packageDirectory(host.paths, name);
  return directoriesIn(host, top).filter((version) => isBuilt(host, { module: { name, version }, kernel }));
}

/** E_PRECONDITION, where something was built while we did so too. */
export function builtMeanwhile({ paths }: Host, instance: InstanceId): Result<never> {
  const path = instanceDirectory(paths, instance);
  return fail("E_PRECONDITION", `${path} was made by somebody else meanwhile.`, {
    path,
    remedy: "Let other DKMS commands end, then run this again.",
  });
}

/** Hidden ones are nobody's. */
function directoriesIn({ files }: Host, directory: string): string[] {
  const entries = files.list(directory) ?? [];
  return entries.filter(({ name, kind }) => kind === "directory" && !name.startsWith(".")).map(({ name }) => name);
}
