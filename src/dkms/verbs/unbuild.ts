import type { Host } from "../../host/host.ts";
import { fail, type Result, succeed } from "../failure.ts";
import { type InstanceId, instanceAddress } from "../id.ts";
import { activeLink, instanceDirectory, moduleDirectory, releaseDirectory } from "../tree-layout.ts";
import { asideLabel } from "./aside.ts";
import type { FileChanges } from "./file-changes.ts";
import { isActive, isBuilt, requireAdded } from "./tree-checks.ts";
import type { Done } from "./verb.ts";
import { type Outcome, unchanged, withUndo } from "./with-undo.ts";

/**
 * Removes a build from the DKMS tree. What is not built stays so, with a notice. Fails with E_NOT_IN_TREE (3), and with
 * E_PRECONDITION if the instance is installed: unlike dell/dkms this verb uninstalls nothing by itself.
 */
export function unbuild(host: Host, instance: InstanceId): Promise<Result<Done>> {
  const doing = `unbuild ${instanceAddress(instance)}`;
  const label = asideLabel(instance);
  return withUndo(host, { doing, label, act: async (changes) => removeBuild(host, instance, changes) });
}

function removeBuild(host: Host, instance: InstanceId, changes: FileChanges): Result<Outcome> {
  const { module, kernel } = instance;
  const added = requireAdded(host, module);
  if (!added.ok) return added;
  if (!isBuilt(host, instance)) return unchanged(`${instanceAddress(instance)} is not built.`);
  if (isActive(host, instance)) {
    const path = activeLink(host.paths, module.name, kernel);
    const remedy = "Uninstall it first.";
    return fail("E_PRECONDITION", `${instanceAddress(instance)} is installed: ${path} leads to it.`, { path, remedy });
  }
  changes.moveAway(instanceDirectory(host.paths, instance));
  changes.prune(releaseDirectory(host.paths, module, kernel.release), moduleDirectory(host.paths, module));
  return succeed({ changed: true, notices: [] });
}
