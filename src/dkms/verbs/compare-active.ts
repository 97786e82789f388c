import path from "node:path";
import type { Host } from "../../host/host.ts";
import { type Failure, fail } from "../failure.ts";
import { type InstanceId, moduleKey } from "../id.ts";
import { objectName } from "../object-name.ts";
import { readObject } from "../read-object.ts";
import { moduleObjectsDirectory } from "../tree-layout.ts";
import { activeVersion } from "./tree-checks.ts";
import { compareObjects } from "./version-check.ts";

/**
 * E_NEWER_INSTALLED (6) if another version of the module is installed and none of its objects is older than the one that
 * would take its place, by what they say of themselves: dell/dkms compares with whatever is installed, its own too (tried).
 */
export async function refuseOlder(host: Host, instance: InstanceId): Promise<Failure | undefined> {
  const { module, kernel } = instance;
  const version = activeVersion(host, module.name, kernel);
  if (version === undefined || version === module.version) return undefined;
  const active = { name: module.name, version };
  const directory = moduleObjectsDirectory(host.paths, { module: active, kernel });
  const installed = host.files.list(directory) ?? [];
  const ours = moduleObjectsDirectory(host.paths, instance);
  for (const { name } of host.files.list(ours) ?? []) {
    const object = objectName(name);
    // Beside objects there is Module.symvers.
    if (object === undefined) continue;
    const same = installed.find((other) => objectName(other.name) === object);
    const found = same && (await readObject(host, path.join(directory, same.name)));
    const own = found?.ok ? await readObject(host, path.join(ours, name)) : undefined;
    if ((found && !found.ok) || (own && !own.ok)) continue;
    if (!found || !own || compareObjects(found.value.info, own.value.info) === "older") return undefined;
  }
  const message = `${moduleKey(active)} is installed for ${kernel.release}, and ${module.version} is not newer.`;
  const remedy = `Keep it, or install over it with --force; dkms uninstall ${moduleKey(active)} makes room too.`;
  return fail("E_NEWER_INSTALLED", message, { path: directory, remedy, dkmsExit: 6 }).error;
}
