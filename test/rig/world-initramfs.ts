import type { ActualState, ModuleState } from "../../src/actual-state/actual-state.ts";
import { kernelKey } from "../../src/dkms/id.ts";
import { kernelId } from "./world-ids.ts";
import type { WorldOptions } from "./world-options.ts";

/** What is known of the initramfs of each kernel: what nobody has installed is not held as it is installed. */
export function toInitramfs(
  { initramfs, initramfsHindrance: text, initramfsPending: pending = {} }: WorldOptions,
  modules: readonly ModuleState[],
): ActualState["initramfs"] {
  if (!initramfs) return undefined;
  const isInstalled = (release: string, name: string) =>
    modules.some(
      ({ id, instances }) =>
        id.name === name && instances.some((one) => one.level === "installed" && one.kernel.release === release),
    );
  const kernels = Object.entries(initramfs).map(([release, held]) => {
    const all = held === "none" ? [] : Object.entries(held);
    const holds = new Map(all.map(([name, isCurrent]) => [name, isCurrent && isInstalled(release, name)]));
    return [
      kernelKey(kernelId(release)),
      { image: held === "none" ? undefined : `/boot/initrd.img-${release}`, holds, pending: pending[release] },
    ] as const;
  });
  return { hindrance: text === undefined ? undefined : { text, remedy: "" }, kernels: new Map(kernels) };
}
