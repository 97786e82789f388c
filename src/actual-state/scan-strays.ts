import path from "node:path";
import type { Strays } from "../dkms/find-strays.ts";
import { nameProblem } from "../dkms/id.ts";
import type { Tree } from "../dkms/read-tree.ts";
import { originalsName, packageDirectory } from "../dkms/tree-layout.ts";
import { hiddenLabel } from "../dkms/verbs/file-changes.ts";
import { findOriginals } from "../dkms/verbs/originals.ts";
import { attempt, type Scan } from "./scan.ts";
import type { ScannedModule } from "./scan-instance.ts";

/**
 * What killed runs left of packages, in all three trees: what the DKMS tree shows, and hidden files that the verbs name
 * after the package that they belong to (see verbs/file-changes.ts). Looked for only where DKMS puts something.
 */
export function scanStrays(scan: Scan, tree: Tree, modules: readonly ScannedModule[]): readonly Strays[] {
  const found = new Map(tree.strays.map(({ name, paths }) => [name, [...paths]]));
  for (const directory of placesOf(scan, tree, modules)) {
    for (const { name } of attempt(scan, directory, () => scan.host.files.list(directory)) ?? []) {
      const owner = hiddenLabel(name);
      if (owner !== undefined && nameProblem(owner) === undefined)
        found.set(owner, [...(found.get(owner) ?? []), path.join(directory, name)]);
    }
  }
  return [...found].map(([name, paths]) => ({ name, paths })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The source tree, and in every kernel where objects are, were or will be installed, and where the kernel's own were. */
function placesOf(scan: Scan, tree: Tree, modules: readonly ScannedModule[]): ReadonlySet<string> {
  const standard = scan.kernels.flatMap(({ directory }) => places.map((place) => path.join(directory, place)));
  const instances = modules.flatMap((module) => module.instances);
  const objects = instances.flatMap(({ state }) => state.objects);
  const used = objects.flatMap(({ installed }) => (installed ? [path.dirname(installed.path)] : []));
  const wanted = instances.flatMap(({ destinations }) => [...destinations]);
  const names = new Set([...tree.strays.map(({ name }) => name), ...modules.map(({ module }) => module.id.name)]);
  const originals = [...names].flatMap((name) => originalPlaces(scan, name));
  return new Set([scan.host.paths.sourceTree, ...standard, ...used, ...wanted, ...originals]);
}

const places = ["updates", "updates/dkms", "extra"];

function originalPlaces(scan: Scan, name: string): readonly string[] {
  const top = path.join(packageDirectory(scan.host.paths, name), originalsName);
  if (attempt(scan, top, () => scan.host.files.stat(top)) === undefined) return [];
  return scan.kernels.flatMap(({ id }) => {
    const originals = attempt(scan, top, () => findOriginals(scan.host, { name, kernel: id })) ?? [];
    return originals.flatMap(({ place }) => (place === undefined ? [] : [path.dirname(place)]));
  });
}
