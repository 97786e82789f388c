import type { DkmsConf } from "./conf/dkms-conf.ts";
import type { Kernel } from "./kernel.ts";
import type { KernelConfig } from "./kernel-config.ts";
import { compareVersions } from "./version-order.ts";

/**
 * One sentence why the module's own dkms.conf excludes this kernel (BUILD_EXCLUSIVE_*, OBSOLETE_BY); `undefined` if it
 * does not. `conf` must have been read for this very kernel.
 */
export function exclusion(conf: DkmsConf, kernel: Kernel, config: KernelConfig): string | undefined {
  const { arch, kernel: releases, config: options, kernelMin, kernelMax } = conf.exclusive;
  const { id } = kernel;
  if (releases && !releases.matches)
    return `The release ${id.release} does not match BUILD_EXCLUSIVE_KERNEL="${releases.pattern}".`;
  if (kernelMin && compareVersions(id.release, kernelMin) < 0)
    return `The release ${id.release} is older than BUILD_EXCLUSIVE_KERNEL_MIN="${kernelMin}".`;
  const newest = kernelMax ? { name: "BUILD_EXCLUSIVE_KERNEL_MAX", release: kernelMax } : obsolete(conf);
  if (newest && compareVersions(id.release, newest.release) > 0)
    return `The release ${id.release} is newer than ${newest.name}="${newest.release}".`;
  if (arch && !arch.matches)
    return `The architecture ${id.arch} does not match BUILD_EXCLUSIVE_ARCH="${arch.pattern}".`;
  // Of a configuration that is not there nobody knows what it lacks: dell/dkms passes over the directive then (tried).
  return options === undefined || config.size === 0 ? undefined : unmetOption(options, config);
}

function obsolete({ obsoleteBy }: DkmsConf): { name: string; release: string } | undefined {
  return obsoleteBy ? { name: "OBSOLETE_BY", release: obsoleteBy } : undefined;
}

function unmetOption(options: string, config: KernelConfig): string | undefined {
  const words = options.split(/\s+/).filter(Boolean);
  for (const word of words) {
    const unwanted = word.startsWith("!");
    const name = unwanted ? word.slice(1) : word;
    const isSet = ["y", "m"].includes(config.get(name) ?? "");
    if (isSet === unwanted)
      return `The kernel was built ${isSet ? "with" : "without"} ${name}, but BUILD_EXCLUSIVE_CONFIG="${options}".`;
  }
  return undefined;
}
