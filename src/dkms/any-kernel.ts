import type { Host } from "../host/host.ts";
import type { Kernel } from "./kernel.ts";
import { absentKernel, kernelIds, readKernel } from "./read-kernels.ts";

/** A dkms.conf is always read for some kernel; names and POST_ADD hardly depend on which. */
export function anyKernel(host: Host): Kernel {
  const { arch, runningKernel } = host.machine;
  const id = runningKernel === undefined ? kernelIds(host).at(-1) : { release: runningKernel, arch };
  const some = id ?? { release: "0", arch };
  return readKernel(host, some) ?? absentKernel(host, some);
}
