import { fail, type Result } from "../failure.ts";
import type { KernelId } from "../id.ts";
import { type ModuleInfo, releaseMadeFor } from "../module-info.ts";

/**
 * E_WRONG_KERNEL if the object says that it is for another kernel, which would refuse to load it; no vermagic at all is as
 * bad. `undefined` if it fits.
 */
export function checkVermagic(
  { info }: { readonly info: Pick<ModuleInfo, "vermagic"> },
  { kernel, path: file }: { readonly kernel: KernelId; readonly path: string },
): Result<never> | undefined {
  const made = releaseMadeFor(info) ?? "no kernel at all";
  if (made === kernel.release) return undefined;
  return fail("E_WRONG_KERNEL", `${file} is made for ${made}, not for ${kernel.release}.`, {
    path: file,
    remedy:
      "Mostly the module's Makefile asks `uname -r` for the kernel: let MAKE in dkms.conf pass $kernelver or $kernel_source_dir to it.",
  });
}
