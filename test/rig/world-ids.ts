import { type KernelId, type ModuleId, parseModuleKey } from "../../src/dkms/id.ts";

/** Of all kernels of a world. */
export const arch = "x86_64";

/** A kernel's identity by its release alone. */
export function kernelId(release: string): KernelId {
  return { release, arch };
}

/** A module's identity from `name/version`. */
export function moduleId(key: string): ModuleId {
  const id = parseModuleKey(key);
  if (!id) throw new Error(`not a module key: ${key}`);
  return id;
}
