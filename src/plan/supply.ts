import type { InstanceState, TarballState } from "../actual-state/actual-state.ts";
import type { DesiredTarball } from "../desired-state/desired-state.ts";
import { type InstanceId, kernelKey, moduleKey } from "../dkms/id.ts";
import { isLoadedFrom } from "../dkms/tarball/loaded-from.ts";
import type { TarballIndex } from "../dkms/tarball/tarball.ts";
import type { Reason } from "./step.ts";
import { type Blocking, blocked, type Case, type Loading } from "./verdict.ts";

/** What the archives that the document lists have for an instance. */
export type Supply =
  /** What is there comes from one of them, and is whole. */
  | { readonly kind: "loaded" }
  | { readonly kind: "load"; readonly loading: Loading }
  /** No binary for this kernel. */
  | NoBinary
  | Blocking;

export interface NoBinary {
  readonly kind: "none";
  /** Why, as the beginning of a sentence; `undefined` if no archive is listed. */
  readonly text: string | undefined;
  /** Of the archive that could not be read; `undefined` if all could be. */
  readonly remedy?: string | undefined;
  /** One of them cannot be reached, so nobody knows. */
  readonly unsure: boolean;
  /** The first that holds the module's source. */
  readonly source: DesiredTarball | undefined;
}

/** Of the archives that hold a binary for the kernel, the first counts. One that is not to be trusted stops the module. */
export function supplyOf({ entry, instance, actual }: Case, existing: InstanceState | undefined): Supply {
  if (entry.tarballs.length === 0) return { kind: "none", text: undefined, unsure: false, source: undefined };
  if (isLoadedFrom(existing, entry.tarballs)) return { kind: "loaded" };
  const archives = actual.tarballs.get(moduleKey(instance.module)) ?? [];
  const untrusted = refusal(archives);
  if (untrusted) return untrusted;
  for (const archive of archives) {
    if (!archive.found.ok || !holdsBinary(archive.found.value, instance)) continue;
    const { hasSource } = archive.found.value;
    const reason = loadReason(existing, archive.path);
    return { kind: "load", loading: { tarball: tarballOf(archive), hasSource, reason } };
  }
  return withoutBinary(archives);
}

/** Why nothing may be done with a module's archives; `undefined` if all of them can be trusted. */
export function refusal(archives: readonly TarballState[]): Blocking | undefined {
  const [problem] = archives.flatMap(({ found }) =>
    !found.ok && found.error.kind === "untrusted" ? [found.error] : [],
  );
  return problem && { ...blocked("untrusted", problem.text, problem.remedy), code: problem.code };
}

/** The archive as the document lists it. */
export function tarballOf({ path, sha256 }: TarballState): DesiredTarball {
  return { path, sha256 };
}

function holdsBinary({ binaries }: TarballIndex, { kernel }: InstanceId): boolean {
  return binaries.some((binary) => kernelKey(binary.kernel) === kernelKey(kernel));
}

function loadReason(existing: InstanceState | undefined, file: string): Reason {
  if (!existing) return { code: "not-built", text: `it is not there for this kernel, and ${file} holds a binary` };
  for (const { kind, message } of existing.problems)
    if (kind === "object-missing" || kind === "wrong-vermagic") return { code: kind, text: message };
  if (existing.record?.tarball)
    return { code: "tarball-changed", text: `it was loaded from another archive than ${file} is now` };
  return { code: "tarball-preferred", text: `it came from no archive, and ${file} holds a binary` };
}

function withoutBinary(archives: readonly TarballState[]): NoBinary {
  const holder = archives.find(({ found }) => found.ok && found.value.hasSource);
  const problem = archives.flatMap(({ found }) => (found.ok ? [] : [found.error])).at(0);
  const text = problem?.text ?? "no archive that the document lists holds a binary for this kernel";
  const source = holder && tarballOf(holder);
  return { kind: "none", text, remedy: problem?.remedy, unsure: problem !== undefined, source };
}
