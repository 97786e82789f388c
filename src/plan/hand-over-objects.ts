import type { ActualState } from "../actual-state/actual-state.ts";
import { orderByDependency } from "../dkms/graph.ts";
import { instanceAddress, kernelKey, moduleKey } from "../dkms/id.ts";
import { objectName } from "../dkms/object-name.ts";
import type { Step, StepId } from "./step.ts";

/**
 * Where one module takes over an object name from another that leaves, in the same plan and for the same kernel: the
 * install waits until the other is uninstalled, since a kernel can have only one object of a name, and the other is not
 * uninstalled before the new one is built. Steps in an order that respects that.
 */
export function handOverObjects(steps: readonly Step[], actual: ActualState): readonly Step[] {
  const added = new Map<StepId, StepId[]>();
  const wait = (step: Step, forStep: StepId) => added.set(step.id, [...(added.get(step.id) ?? []), forStep]);
  const leaving = steps.filter((step) => step.kind === "uninstall");
  for (const install of steps) {
    if (install.kind !== "install") continue;
    const names = namesToCome(install, actual);
    for (const uninstall of leaving) {
      if (!isHandedOver({ install, uninstall, names }, actual)) continue;
      wait(install, uninstall.id);
      const build = steps.find(
        ({ kind, address }) => (kind === "build" || kind === "load-tarball") && address === install.address,
      );
      if (build) wait(uninstall, build.id);
    }
  }
  if (added.size === 0) return steps;
  const waiting = steps.map((step): Step => {
    return { ...step, dependsOn: [...new Set([...step.dependsOn, ...(added.get(step.id) ?? [])])] };
  });
  const byId = new Map(waiting.map((step) => [step.id, step]));
  const { order, cycles } = orderByDependency(waiting, ({ dependsOn }) =>
    dependsOn.flatMap((id) => byId.get(id) ?? []),
  );
  // Whoever builds on what leaves is blocked, so there is no circle; a plan must not lose steps if there ever were one.
  return cycles.length === 0 ? order : steps;
}

/**
 * The names of the objects that an install brings, without suffix: by dkms.conf, and by the archives: where one brings
 * the binary, dkms.conf may come with it.
 */
export function namesToCome({ instance }: Step<"install">, { prospects, tarballs }: ActualState): readonly string[] {
  const conf = prospects.get(instanceAddress(instance))?.conf;
  const archives = tarballs.get(moduleKey(instance.module)) ?? [];
  const binaries = archives.flatMap(({ found }) => (found.ok ? found.value.binaries : []));
  const packed = binaries.filter(({ kernel }) => kernelKey(kernel) === kernelKey(instance.kernel));
  return [
    ...(conf?.ok ? conf.value.objects.map(({ destName }) => destName) : []),
    ...packed.flatMap(({ objects }) => objects.map((file) => objectName(file) ?? file)),
  ];
}

interface HandOver {
  readonly install: Step<"install">;
  readonly uninstall: Step<"uninstall">;
  readonly names: readonly string[];
}

function isHandedOver({ install, uninstall, names }: HandOver, { modules }: ActualState): boolean {
  const { module, kernel } = uninstall.instance;
  if (kernelKey(kernel) !== kernelKey(install.instance.kernel) || module.name === install.instance.module.name) {
    return false;
  }
  const owner = modules.find(({ id }) => id.name === module.name && id.version === module.version);
  const there = owner?.instances.find((one) => kernelKey(one.kernel) === kernelKey(kernel))?.objects ?? [];
  return there.some(({ file }) => names.includes(objectName(file) ?? file));
}
