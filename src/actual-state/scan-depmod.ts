import { type InstanceAddress, instanceAddress, kernelKey } from "../dkms/id.ts";
import type { Kernel } from "../dkms/kernel.ts";
import { type ModuleList, readModuleList } from "../dkms/module-list.ts";
import { lastDepmod } from "../dkms/verbs/owe-depmod.ts";
import type { InstanceState, ModuleState } from "./actual-state.ts";
import { attempt, type Scan } from "./scan.ts";

/**
 * What is installed, and what the kernel's modules.dep or modules.dep.bin do not name: the object, below the kernel's
 * directory. What our own depmod has seen counts as named: of two objects of one name it names one, whoever runs it.
 */
export function scanDepmod(scan: Scan, modules: readonly ModuleState[]): ReadonlyMap<InstanceAddress, string> {
  const found = new Map<InstanceAddress, string>();
  for (const kernel of scan.kernels) {
    if (!kernel.hasModulesDep) continue;
    const key = kernelKey(kernel.id);
    const installed = modules.flatMap(({ id, instances }) =>
      instances.filter((one) => one.level === "installed" && kernelKey(one.kernel) === key).map((one) => ({ id, one })),
    );
    if (installed.length === 0) continue;
    const isUnknown = attempt(scan, kernel.directory, () => unknownIn(scan, kernel));
    for (const { id, one } of isUnknown ? installed : []) {
      const file = attempt(scan, kernel.directory, () => isUnknown?.(one));
      if (file !== undefined) found.set(instanceAddress({ module: id, kernel: kernel.id }), file);
    }
  }
  return found;
}

/** The first object of an instance that depmod does not know. */
function unknownIn({ host }: Scan, { id, directory }: Kernel): (instance: InstanceState) => string | undefined {
  const seenUntil = lastDepmod(host, id);
  let list: ModuleList | undefined;
  return ({ objects }) => {
    for (const { installed } of objects) {
      if (!installed?.path.startsWith(`${directory}/`)) continue;
      const changedAt = host.files.stat(installed.path)?.ctimeMs;
      if (changedAt === undefined || changedAt <= seenUntil) continue;
      list ??= readModuleList(host, id);
      const file = installed.path.slice(directory.length + 1);
      if (list && !(list.needs(file) && list.isIndexed(file))) return file;
    }
    return undefined;
  };
}
