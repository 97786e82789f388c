import path from "node:path";
import type { Host } from "../../host/host.ts";
import { type Result, succeed } from "../failure.ts";
import { type ModuleId, moduleKey } from "../id.ts";
import { readTree } from "../read-tree.ts";
import { isReleaseName, moduleDirectory, releaseDirectory, sourceDirectory } from "../tree-layout.ts";
import { asideArch } from "./aside.ts";
import { type FileChanges, removeEmpty } from "./file-changes.ts";
import { linkSource } from "./link-source.ts";
import { hasSource, requireAdded, requireSource } from "./tree-checks.ts";
import type { Done } from "./verb.ts";
import { type Outcome, withUndo } from "./with-undo.ts";

/**
 * Mends what a killed run, or somebody's hand, has left of a module: the source link, where `<source tree>/<name>-<version>`
 * is there; a build that was moved aside and whose successor never came; staging directories, build directories and hidden
 * files of this version. Only the link and the build come back with the undo: leftovers are nobody's. What belongs to no
 * version is left to {@link sweep}.
 *
 * To be called before other verbs of this module: what they keep for their undo looks like a leftover.
 *
 * Fails with E_NOT_IN_TREE (3), with E_BROKEN_MODULE (4) if there is no source to link to, or with what the file system
 * says.
 */
export function repair(host: Host, { module }: { readonly module: ModuleId }): Promise<Result<Done>> {
  const act = async (changes: FileChanges) => mend(host, module, changes);
  return withUndo(host, { doing: `repair ${moduleKey(module)}`, label: module.name, act });
}

function mend(host: Host, module: ModuleId, changes: FileChanges): Result<Outcome> {
  const { files, paths } = host;
  const added = requireAdded(host, module);
  if (!added.ok) return added;
  const isBroken = !hasSource(host, module);
  const canLink = isBroken && files.stat(sourceDirectory(paths, module))?.kind === "directory";
  const returned = returnBuilds(host, module, changes);
  // Before there is anything that the undo needs: it looks the same.
  const leftovers = findLeftovers(host, module);
  if (canLink) {
    const linked = linkSource(host, module, changes);
    if (!linked.ok) return linked;
  }
  for (const place of leftovers) {
    files.remove(place);
    removeEmpty(files, path.dirname(place), moduleDirectory(paths, module));
  }
  const notices = [
    ...returned.map((place) => `${place} was moved aside and is back.`),
    ...leftovers.map((place) => `${place} was left behind and is removed.`),
  ];
  if (isBroken && !canLink && notices.length === 0) return requireBroken(host, module);
  return succeed({ changed: canLink || notices.length > 0, notices });
}

function requireBroken(host: Host, module: ModuleId): Result<never> {
  const broken = requireSource(host, module);
  if (broken.ok) throw new Error(`${moduleKey(module)} was broken a moment ago`);
  return broken;
}

/** Builds that were moved aside and that nothing stands in the place of. */
function returnBuilds({ files, paths }: Host, module: ModuleId, changes: FileChanges): string[] {
  const releases = (files.list(moduleDirectory(paths, module)) ?? []).filter(({ name }) => isReleaseName(name));
  return releases.flatMap(({ name: release }) => {
    const directory = releaseDirectory(paths, module, release);
    return (files.list(directory) ?? []).flatMap(({ name }) => {
      const arch = asideArch(module.name, name);
      const place = path.join(directory, arch ?? "");
      if (arch === undefined || isTaken(files, place)) return [];
      if (files.lstat(place) !== undefined) files.remove(place);
      changes.rename(path.join(directory, name), place);
      return [place];
    });
  });
}

/** A link stands there only while POST_BUILD runs. */
function isTaken(files: Host["files"], place: string): boolean {
  const kind = files.lstat(place)?.kind;
  return kind !== undefined && kind !== "link";
}

function findLeftovers(host: Host, module: ModuleId): readonly string[] {
  return readTree(host).modules.find(({ id }) => moduleKey(id) === moduleKey(module))?.leftovers ?? [];
}
