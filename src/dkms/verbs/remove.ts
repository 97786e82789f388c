import path from "node:path";
import type { Host } from "../../host/host.ts";
import { fail, type Result, succeed } from "../failure.ts";
import { instanceAddress, type ModuleId, moduleKey, nameProblem } from "../id.ts";
import { isConfOnly, readSourceMark } from "../source-mark.ts";
import { kernelDirectory, moduleDirectory, originalsName, packageDirectory, sourceDirectory } from "../tree-layout.ts";
import type { FileChanges } from "./file-changes.ts";
import { findOriginals } from "./originals.ts";
import { builtKernels, requireAdded } from "./tree-checks.ts";
import type { Done } from "./verb.ts";
import { type Outcome, withUndo } from "./with-undo.ts";

/**
 * Makes DKMS forget a module of which nothing is built any more. The source tree is left alone, as dell/dkms leaves it, but
 * for a directory that an archive of binaries brought, and that holds nothing but its dkms.conf.
 * With the last version go the saved originals of kernels that are gone; those of a kernel that is there are kept, with
 * a notice. Fails with E_NOT_IN_TREE (3), and with E_PRECONDITION while there are builds.
 */
export function remove(host: Host, { module }: { readonly module: ModuleId }): Promise<Result<Done>> {
  const act = async (changes: FileChanges) => forget(host, module, changes);
  return withUndo(host, { doing: `remove ${moduleKey(module)}`, label: module.name, act });
}

function forget(host: Host, module: ModuleId, changes: FileChanges): Result<Outcome> {
  const { files, paths } = host;
  const added = requireAdded(host, module);
  if (!added.ok) return added;
  const built = builtKernels(host, module).map((kernel) => instanceAddress({ module, kernel }));
  const directory = moduleDirectory(paths, module);
  if (built.length > 0) {
    const remedy = "Uninstall and unbuild first.";
    const message = `${moduleKey(module)} is still built: ${built.join(", ")}.`;
    return fail("E_PRECONDITION", message, { path: directory, remedy });
  }
  const top = packageDirectory(paths, module.name);
  for (const { name } of files.list(top) ?? []) {
    const target = files.readLink(path.join(top, name));
    if (target?.startsWith(`${module.version}/`)) changes.moveAway(path.join(top, name));
  }
  // First: what is hidden is swept after a kill, a directory without its mark would be nobody's.
  if (isOurConf(host, module)) changes.moveAway(sourceDirectory(paths, module));
  changes.moveAway(directory);
  const notices = hasOtherVersions(host, module) ? [] : dropOriginals(host, module, changes);
  changes.prune(top, paths.dkmsTree);
  return succeed({ changed: true, notices });
}

function isOurConf(host: Host, module: ModuleId): boolean {
  return readSourceMark(host, module) !== undefined && isConfOnly(host, sourceDirectory(host.paths, module));
}

function hasOtherVersions({ files, paths }: Host, { name }: ModuleId): boolean {
  const entries = files.list(packageDirectory(paths, name)) ?? [];
  return entries.some((entry) => entry.kind === "directory" && entry.name !== originalsName && entry.name[0] !== ".");
}

/** What is to be said of originals that must stay. */
function dropOriginals(host: Host, { name }: ModuleId, changes: FileChanges): string[] {
  const { files, paths } = host;
  const top = path.join(packageDirectory(paths, name), originalsName);
  const notices: string[] = [];
  for (const { name: release } of files.list(top) ?? []) {
    const place = path.join(top, release);
    if (isNeeded(host, name, release)) notices.push(`${place} keeps kernel objects that were never put back.`);
    else changes.moveAway(place);
  }
  changes.prune(top, paths.dkmsTree);
  return notices;
}

/** Not if the kernel is gone, nor if everything has been put back and only the copies are left. */
function isNeeded(host: Host, name: string, release: string): boolean {
  const { files, paths } = host;
  const directory = path.join(packageDirectory(paths, name), originalsName, release);
  if (nameProblem(release) !== undefined || files.stat(kernelDirectory(paths, release)) === undefined) return false;
  const arches = (files.list(directory) ?? []).map((entry) => entry.name).filter((arch) => !nameProblem(arch));
  const kept = arches.flatMap((arch) => findOriginals(host, { name, kernel: { release, arch } }));
  return kept.some(({ stored, place }) => place === undefined || !files.sameContent(place, stored));
}
