import type { DkmsConf } from "../dkms/conf/dkms-conf.ts";
import { type ConfRequest, type KnownConfs, loadConf } from "../dkms/conf/load-conf.ts";
import type { Result } from "../dkms/failure.ts";
import type { ObjectIndex } from "../dkms/find-objects.ts";
import { type InstanceAddress, type KernelId, moduleKey } from "../dkms/id.ts";
import { ioFailure } from "../dkms/io-failure.ts";
import type { Kernel } from "../dkms/kernel.ts";
import { absentKernel } from "../dkms/read-kernels.ts";
import { sourceLink } from "../dkms/tree-layout.ts";
import { findingOf } from "../dkms/tree-look.ts";
import type { EntryKind } from "../host/files.ts";
import type { Host } from "../host/host.ts";
import type { Finding } from "./actual-state.ts";

/** What every part of one scan shares: facts that were read before, and what is looked up once for all. */
export interface Scan {
  readonly host: Host;
  readonly kernels: readonly Kernel[];
  readonly distribution: string;
  /** Of the instances that the request names. */
  readonly directives: ReadonlyMap<InstanceAddress, Readonly<Record<string, string>>>;
  /** Grows while the scan goes on. */
  readonly findings: Finding[];
  /** Kernel directory -> the objects in it. */
  readonly indexes: Map<string, ObjectIndex>;
  /** Directory of an install tree -> the names in it. */
  readonly listings: Map<string, ReadonlyMap<string, EntryKind>>;
  /** Release and DEST_MODULE_LOCATION -> directories where such an object may have been installed. */
  readonly destinations: Map<string, readonly string[]>;
  /** What dkms.conf files said, for all that they are asked for. */
  readonly confs: KnownConfs;
}

/** The kernel as it was read, or, if the install tree does not know it, as little as can be said of it. */
export function kernelOf({ host, kernels }: Scan, id: KernelId): Kernel {
  const known = kernels.find((kernel) => kernel.id.release === id.release && kernel.id.arch === id.arch);
  return known ?? absentKernel(host, id);
}

/** What was read, or `undefined` and a finding if the file system refused. */
export function attempt<T>({ findings }: Pick<Scan, "findings">, place: string, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    findings.push(findingOf(error, place));
    return undefined;
  }
}

/** {@link loadConf}, whose throws of the file system are findings and failures here. */
export async function evaluate(scan: Scan, request: ConfRequest): Promise<Result<DkmsConf>> {
  try {
    return await loadConf(scan.host, { ...request, known: scan.confs });
  } catch (error) {
    scan.findings.push(findingOf(error, sourceLink(scan.host.paths, request.module)));
    return ioFailure(error, `evaluate the dkms.conf of ${moduleKey(request.module)}`);
  }
}

/** Looks something up once for each key. */
export function remember<T extends object>(known: Map<string, T>, key: string, look: () => T): T {
  const before = known.get(key);
  if (before) return before;
  const found = look();
  known.set(key, found);
  return found;
}
