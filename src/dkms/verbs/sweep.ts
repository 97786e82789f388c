import path from "node:path";
import type { Host } from "../../host/host.ts";
import { destinationDirectory, readDistribution } from "../destination.ts";
import { type Result, succeed } from "../failure.ts";
import { nameProblem } from "../id.ts";
import { readTree } from "../read-tree.ts";
import { kernelDirectory, packageDirectory } from "../tree-layout.ts";
import { hiddenPattern, removeEmpty } from "./file-changes.ts";
import { pruneTop } from "./prune-top.ts";
import type { Done } from "./verb.ts";
import { type Outcome, withUndo } from "./with-undo.ts";

/**
 * Removes what killed runs have left of a package, whichever version it was of, and also where no version is left: hidden
 * files in all three trees, active links that lead nowhere, and directories that are empty then. What lies inside a
 * version is left to {@link repair} and {@link remove}. Nothing of it comes back with the undo: it is nobody's.
 *
 * To be called before other verbs of this package: what they keep for their undo looks the same.
 *
 * Fails with what the file system says.
 */
export function sweep(host: Host, { name }: { readonly name: string }): Promise<Result<Done>> {
  const act = async () => clear(host, name);
  return withUndo(host, { doing: `sweep up what was left of ${name}`, label: name, act });
}

/** The DKMS tree comes last: as long as it holds something, a sweep that is killed is begun again. */
function clear(host: Host, name: string): Result<Outcome> {
  const { files, paths } = host;
  const removed = [...clearKernels(host, name), ...clearSources(host, name)];
  for (const place of readTree(host).strays.find((one) => one.name === name)?.paths ?? []) {
    const isDirectory = files.lstat(place)?.kind === "directory" && !path.basename(place).startsWith(".");
    if (!isDirectory) files.remove(place);
    // Somebody may have put something in it meanwhile.
    else if (!removeIfFileless(host, place)) continue;
    removeEmpty(files, path.dirname(place), packageDirectory(paths, name));
    removed.push(place);
  }
  removeEmpty(files, packageDirectory(paths, name), paths.dkmsTree);
  const notices = removed.map((place) => `${place} was left behind and is removed.`);
  return succeed({ changed: removed.length > 0, notices });
}

/** Of every kernel, and anywhere in it: an original may have been put back to any place. */
function clearKernels({ files, ...host }: Host, name: string): string[] {
  const { installTree } = host.paths;
  const releases = (files.list(installTree) ?? []).filter((entry) => entry.kind === "directory");
  const usual = destinationDirectory(
    { destLocation: "" },
    readDistribution({ files, paths: host.paths }),
    host.paths.addonModules,
  );
  return releases.flatMap(({ name: release }) => {
    if (nameProblem(release) !== undefined) return [];
    const top = kernelDirectory(host.paths, release);
    const hidden = hiddenBelow(files, top, hiddenPattern(name));
    for (const place of hidden) {
      files.remove(place);
      removeEmpty(files, path.dirname(place), pruneTop(top, place));
    }
    // A run may have been killed between a file and its directory.
    if (usual !== "") removeEmpty(files, path.join(top, usual), top);
    return hidden;
  });
}

function clearSources({ files, paths }: Host, name: string): string[] {
  const entries = (files.list(paths.sourceTree) ?? []).filter((entry) => hiddenPattern(name).test(entry.name));
  const places = entries.map((entry) => path.join(paths.sourceTree, entry.name));
  for (const place of places) files.remove(place);
  return places;
}

function hiddenBelow(files: Host["files"], directory: string, pattern: RegExp): string[] {
  return (files.list(directory) ?? []).flatMap((entry) => {
    const place = path.join(directory, entry.name);
    if (pattern.test(entry.name)) return [place];
    return entry.kind === "directory" ? hiddenBelow(files, place, pattern) : [];
  });
}

function removeIfFileless(host: Host, directory: string): boolean {
  for (const { name, kind } of host.files.list(directory) ?? [])
    if (kind === "directory") removeIfFileless(host, path.join(directory, name));
  return host.files.removeIfEmpty(directory);
}
