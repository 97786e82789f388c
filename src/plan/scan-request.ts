import type { ScanRequest } from "../actual-state/actual-state.ts";
import type { DesiredState } from "../desired-state/desired-state.ts";
import { type KernelFacts, type PlanFilter, passes, resolveWanted } from "./resolve-wanted.ts";

/** What the scan has to look at, beyond the trees themselves, for a plan to be made. Pure. */
export function scanRequest(
  desired: DesiredState,
  machine: Pick<KernelFacts, "runningKernel" | "arch">,
  filter: PlanFilter,
): ScanRequest {
  const sources = desired.modules
    .filter((entry) => entry.state !== "absent" && passes(entry, filter))
    .map(({ name, version, source }) => ({ module: { name, version }, directory: source }));
  const tarballs = desired.modules
    .filter((entry) => entry.tarballs.length > 0 && passes(entry, filter))
    .map(({ name, version, tarballs: files, state }) => {
      return { module: { name, version }, files, forSource: state === "added" };
    });
  return {
    sources,
    initramfs: desired.modules.some((entry) => entry.initramfs),
    retry: filter.retry,
    tarballs,
    prospects: (kernels) =>
      resolveWanted(desired, { ...machine, kernels }, filter).wanted.flatMap(({ entry, id, kernels: chosen }) =>
        id ? chosen.map((kernel) => ({ module: id, kernel, directives: entry.directives })) : [],
      ),
  };
}
