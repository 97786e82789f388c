import type { ActualState } from "../../src/actual-state/actual-state.ts";
import { type InstanceId, instanceAddress, kernelKey } from "../../src/dkms/id.ts";
import type { Step } from "../../src/plan/step.ts";

/**
 * Another build of what is installed is another content to be installed; one of another version is nothing to the
 * initramfs.
 */
export function withRebuilt(
  state: ActualState,
  instance: InstanceId,
  change: (state: ActualState) => ActualState,
): ActualState {
  const address = instanceAddress(instance);
  const isInstalled = state.modules.some(({ id, instances }) =>
    instances.some(({ kernel, level }) => level === "installed" && instanceAddress({ module: id, kernel }) === address),
  );
  return change(isInstalled ? withOutdated(state, instance) : state);
}

/** Whatever changes of a module, the initramfs does not hold it as it is any more. */
export function withOutdated(state: ActualState, { module, kernel }: InstanceId): ActualState {
  const held = state.initramfs?.kernels.get(kernelKey(kernel));
  if (!state.initramfs || !held?.holds.has(module.name)) return state;
  const holds = new Map(held.holds).set(module.name, false);
  const kernels = new Map(state.initramfs.kernels).set(kernelKey(kernel), { ...held, holds, pending: undefined });
  return { ...state, initramfs: { ...state.initramfs, kernels } };
}

export function makeInitramfs(state: ActualState, { kernel, names, left }: Step<"initramfs">): ActualState {
  const held = state.initramfs?.kernels.get(kernelKey(kernel));
  if (!state.initramfs || (!held?.image && !left)) throw new Error(`${kernelKey(kernel)} has no initramfs`);
  const isOwed = state.depmodOwed.some((one) => kernelKey(one) === kernelKey(kernel));
  const hasDepmod = state.kernels.some(({ id, hasModulesDep }) => hasModulesDep && kernelKey(id) === kernelKey(kernel));
  if (isOwed && hasDepmod) throw new Error("depmod comes first");
  const isInstalled = (name: string) =>
    state.modules.some(
      ({ id, instances }) =>
        id.name === name &&
        instances.some((one) => one.level === "installed" && kernelKey(one.kernel) === kernelKey(kernel)),
    );
  const holds = new Map(names.filter(isInstalled).map((name) => [name, true]));
  const kernels = new Map(state.initramfs.kernels).set(kernelKey(kernel), {
    image: held?.image,
    holds,
    pending: undefined,
  });
  return { ...state, initramfs: { ...state.initramfs, kernels } };
}
