import path from "node:path";
import type { Host } from "../../host/host.ts";
import { type Failure, fail } from "../failure.ts";
import type { FoundObject } from "../find-objects.ts";
import type { ModuleInfo } from "../module-info.ts";
import { objectName } from "../object-name.ts";
import { readObject } from "../read-object.ts";
import { compareVersions } from "../version-order.ts";
import type { InstallJob, Placement } from "./install-job.ts";
import { findOriginals } from "./originals.ts";

/**
 * E_NEWER_INSTALLED (6) if the kernel's own object is as new as the one that would replace it. Of several same-named ones
 * nobody knows which counts: there is no check, as in dell/dkms, nor is there when the kernel's own was replaced before.
 */
export async function checkVersions(
  host: Host,
  { instance, placements, force }: InstallJob,
  foreign: readonly FoundObject[],
): Promise<Failure | undefined> {
  if (force) return undefined;
  const { name } = instance.module;
  const kept = findOriginals(host, { name, kernel: instance.kernel });
  for (const placement of placements) {
    const [only, ...others] = foreign.filter((found) => found.name === placement.name);
    const isKept = kept.some(({ stored }) => objectName(path.basename(stored)) === placement.name);
    if (only === undefined || others.length > 0 || isKept || isForced(host, [placement.name, name])) continue;
    const read = await readObject(host, only.path);
    const order = read.ok ? compareObjects(read.value.info, placement.info) : "older";
    if (order !== "older") return newerInstalled(placement, { order, found: only.path, info: read });
  }
  return undefined;
}

interface Rival {
  readonly order: "same" | "newer";
  readonly found: string;
  readonly info: Awaited<ReturnType<typeof readObject>>;
}

function newerInstalled({ name, info: ours }: Placement, { order, found, info }: Rival): Failure {
  const theirs = (info.ok ? info.value.info.version : undefined) ?? "no version";
  const message =
    order === "newer"
      ? `The kernel has a newer ${name}, ${theirs}, than this one, ${ours.version ?? "no version"}: ${found}.`
      : `The kernel has the same ${name} already, ${theirs}: ${found}.`;
  const remedy = "Leave the module to the kernel, or force the installation.";
  return fail("E_NEWER_INSTALLED", message, { path: found, remedy, dkmsExit: 6 }).error;
}

/**
 * How the kernel's own object stands to the one that would replace it, by what both say of themselves (tried with
 * dell/dkms 3.2.2): a missing version is older than any; objects of one version are told apart by srcversion; two that
 * say neither are different.
 */
export function compareObjects(found: ModuleInfo, ours: ModuleInfo): "older" | "same" | "newer" {
  const order = compareVersions(found.version ?? "", ours.version ?? "");
  if (order !== 0) return order > 0 ? "newer" : "older";
  const saysNothing = !found.version && !found.srcversion;
  return !saysNothing && (found.srcversion ?? "") === (ours.srcversion ?? "") ? "same" : "older";
}

/**
 * Whether somebody has ruled that the module replaces the kernel's own object whatever their versions: a file in
 * /usr/share/dkms/modules_to_force_install names the object, the module, or `<module>_version-override`.
 */
function isForced({ files, paths }: Host, names: readonly string[]): boolean {
  const directory = path.join(paths.usr, "share/dkms/modules_to_force_install");
  const texts = (files.list(directory) ?? []).map(({ name }) => files.readText(path.join(directory, name)) ?? "");
  const words = new Set(texts.flatMap((text) => text.split(/\s+/)));
  return names.some((name) => words.has(name) || words.has(`${name}_version-override`));
}
