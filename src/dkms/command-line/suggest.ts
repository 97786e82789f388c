import type { Host } from "../../host/host.ts";
import { nearestOf } from "../did-you-mean.ts";
import { type ModuleId, moduleKey } from "../id.ts";
import { kernelIds } from "../read-kernels.ts";
import { readTree } from "../read-tree.ts";

/** What may be known of a module that somebody names. */
export interface NamedModule {
  readonly name: string | undefined;
  readonly version: string | undefined;
}

/** One sentence that leads from a module that is not in the DKMS tree to those that are; `undefined` if there are none. */
export function suggestKnown(host: Host, named: NamedModule): string | undefined {
  return suggestAmong(
    named,
    readTree(host).modules.map(({ id }) => id),
    "The DKMS tree has",
  );
}

/** The same, with the modules whose source lies in the source tree. */
export function suggestSources(host: Host, named: NamedModule): string | undefined {
  return suggestAmong(named, sourceModules(host, named.name), "The source tree has");
}

/** The kernel whose release is most like the given one, if that one is not there. */
export function suggestKernel(host: Host, release: string): string | undefined {
  const releases = kernelIds(host).map((kernel) => kernel.release);
  const nearest = releases.includes(release) ? undefined : nearestOf(release, releases);
  return nearest === undefined ? undefined : `Did you mean ${nearest}?`;
}

function suggestAmong({ name, version }: NamedModule, known: readonly ModuleId[], where: string): string | undefined {
  if (known.length === 0 || name === undefined) return undefined;
  const versions = known.filter((module) => module.name === name).map(moduleKey);
  const meant = nearestOf(moduleKey({ name, version: version ?? "" }), versions);
  const question = meant === undefined ? "" : `Did you mean ${meant}? `;
  if (versions.length > 0) return `${question}${where} ${versions.join(", ")}.`;
  const names = [...new Set(known.map((module) => module.name))];
  const word = nearestOf(moduleKey({ name, version: version ?? "" }), known.map(moduleKey)) ?? nearestOf(name, names);
  if (word !== undefined) return `Did you mean ${word}?`;
  return undefined;
}

/** `<name>-<version>`: where the name is not known, it is taken to end before the first digit after a hyphen. */
function sourceModules({ files, paths }: Host, name: string | undefined): ModuleId[] {
  const directories = (files.list(paths.sourceTree) ?? []).map((entry) => entry.name);
  return directories.flatMap((directory) => {
    if (files.stat(`${paths.sourceTree}/${directory}/dkms.conf`) === undefined) return [];
    if (name !== undefined && directory.startsWith(`${name}-`))
      return [{ name, version: directory.slice(name.length + 1) }];
    const [, first = "", version = ""] = /^(.+?)-(\d.*)$/.exec(directory) ?? [];
    return first === "" ? [] : [{ name: first, version }];
  });
}
