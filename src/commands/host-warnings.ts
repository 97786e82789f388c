import { findNewestSource } from "../actual-state/find-newest-source.ts";
import type { Candidate } from "../desired-state/candidate.ts";
import type { DesiredModule, DesiredState } from "../desired-state/desired-state.ts";
import type { Diagnostic } from "../desired-state/diagnostic.ts";
import { withSnippet } from "../desired-state/with-snippet.ts";
import { readKernels } from "../dkms/read-kernels.ts";
import { compareVersions } from "../dkms/version-order.ts";
import type { Host } from "../host/host.ts";
import { type PlanFilter, passes, resolveWanted } from "../plan/resolve-wanted.ts";
import { unmatchedDiagnostics } from "../plan/unmatched-diagnostics.ts";

/**
 * What in the documents is well written and, on this host, likely not meant: selectors that choose no kernel, versions
 * that are not the newest in the source tree. Warnings only: whether documents are valid depends on no host.
 */
export function hostWarnings(
  host: Host,
  desired: DesiredState,
  { filter, candidate }: { readonly filter: PlanFilter; readonly candidate: Candidate | undefined },
): readonly Diagnostic[] {
  const newer = desired.modules
    .filter((entry) => passes(entry, filter))
    .flatMap((entry) => olderThanThere(host, entry, desired.modules));
  return [...unmatched(host, desired, filter), ...newer].map((one) => withSnippet(host, one, candidate));
}

/**
 * Where no kernel is installed at all, as in a pipeline that checks documents, nothing can be told. A release that is
 * spelled out is told here alone: to plan, what is wanted for it is blocked.
 */
function unmatched(host: Host, desired: DesiredState, filter: PlanFilter): readonly Diagnostic[] {
  const kernels = readKernels(host);
  if (kernels.length === 0) return [];
  const { runningKernel, arch } = host.machine;
  const { diagnostics } = resolveWanted(desired, { kernels, runningKernel, arch }, filter);
  const releases = new Set(kernels.map(({ id }) => id.release));
  const strange = desired.modules
    .filter((entry) => passes(entry, filter) && entry.state !== "absent" && entry.state !== "added")
    .flatMap((entry) => entry.kernels.map((selector) => ({ entry, selector })))
    .filter(({ selector }) => selector.kind === "exact" && !releases.has(selector.release));
  const unmatched = diagnostics.filter(({ severity }) => severity === "warning");
  return [...unmatched, ...unmatchedDiagnostics(strange, { kernels, runningKernel })];
}

/** Whoever lists the newest one too has chosen. */
function olderThanThere(
  host: Host,
  { name, version, state, places }: DesiredModule,
  all: readonly DesiredModule[],
): readonly Diagnostic[] {
  if (state === "absent" || version === "*") return [];
  const newest = findNewestSource(host, name);
  if (newest === undefined || compareVersions(newest, version) <= 0) return [];
  if (all.some((entry) => entry.name === name && entry.version === newest)) return [];
  return [
    {
      severity: "warning",
      code: "W_NOT_NEWEST",
      message: `${name} ${version} is wanted, and the source tree has ${newest}.`,
      ...places.version,
      hint: `If the newer one is meant, write "version: ${newest}".`,
    },
  ];
}
