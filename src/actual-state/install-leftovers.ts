import path from "node:path";
import { temporaryPrefix } from "../host/local-files.ts";
import type { ModuleState } from "./actual-state.ts";
import { attempt, type Scan } from "./scan.ts";

/**
 * What a killed run left in the install trees: hidden files that the verbs name after the module that they belong to
 * (see verbs/file-changes.ts). Module name -> absolute paths. Looked for only where objects are installed.
 */
export function findInstallLeftovers(
  scan: Scan,
  modules: readonly ModuleState[],
): ReadonlyMap<string, readonly string[]> {
  const standard = scan.kernels.flatMap(({ directory }) => places.map((place) => path.join(directory, place)));
  const objects = modules.flatMap(({ instances }) => instances.flatMap((instance) => instance.objects));
  const used = objects.flatMap(({ installed }) => (installed ? [path.dirname(installed.path)] : []));
  const found = new Map<string, string[]>();
  for (const directory of new Set([...standard, ...used])) {
    for (const { name } of attempt(scan, directory, () => scan.host.files.list(directory)) ?? []) {
      const owner = ownerOf(name);
      if (owner !== undefined) found.set(owner, [...(found.get(owner) ?? []), path.join(directory, name)]);
    }
  }
  return found;
}

const places = ["updates", "updates/dkms", "extra"];

function ownerOf(name: string): string | undefined {
  if (!name.startsWith(temporaryPrefix)) return undefined;
  return /^(.+)\.[0-9a-f]{12}$/.exec(name.slice(temporaryPrefix.length))?.[1];
}
