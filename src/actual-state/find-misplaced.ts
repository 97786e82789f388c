import { indexObjects, type ObjectIndex } from "../dkms/find-objects.ts";
import { type Claims, type HashedObject, isOwn } from "../dkms/footprint.ts";
import { groupBy } from "../dkms/group-by.ts";
import { type InstanceAddress, instanceAddress, kernelKey } from "../dkms/id.ts";
import { objectName } from "../dkms/object-name.ts";
import { kernelDirectory, originalsDirectory } from "../dkms/tree-layout.ts";
import { findOriginals } from "../dkms/verbs/originals.ts";
import type { Problem } from "./actual-state.ts";
import { attempt, type Scan } from "./scan.ts";
import type { ScannedInstance } from "./scan-instance.ts";

/**
 * Objects of the scanned modules that lie in an install tree and should not: what install and uninstall would take away,
 * by the same rule, {@link isOwn}. Of an installed instance they are of an earlier build or of another version; without
 * one they are orphans, each a problem of every instance whose uninstall removes it, like originals that are still kept
 * although nothing replaces them. Among the kernel's own modules they
 * are looked for only where DKMS or dkms.conf sends objects; the verbs look everywhere.
 */
export function findMisplaced(
  scan: Scan,
  instances: readonly ScannedInstance[],
): ReadonlyMap<InstanceAddress, readonly Problem[]> {
  const problems = new Map<InstanceAddress, readonly Problem[]>();
  for (const [, onKernel] of groupBy(instances, ({ id }) => kernelKey(id.kernel))) {
    const index = indexOf(scan, onKernel);
    for (const [, versions] of groupBy(onKernel, ({ id }) => id.module.name)) {
      // Nothing is concluded from what was read in part.
      if (versions.some(({ state }) => state.problems.some(({ kind }) => kind === "unreadable"))) continue;
      for (const [address, found] of judgePackage(scan, { versions, onKernel, index })) problems.set(address, found);
    }
  }
  return problems;
}

interface PackageLook {
  /** Of one package, for one kernel. */
  readonly versions: readonly ScannedInstance[];
  /** Of all packages. */
  readonly onKernel: readonly ScannedInstance[];
  readonly index: ObjectIndex;
}

function judgePackage(scan: Scan, { versions, onKernel, index }: PackageLook): [InstanceAddress, Problem[]][] {
  const found = findHashed(scan, versions, index);
  const rivals = rivalDigests(versions, onKernel);
  const claim = (one: ScannedInstance) => ({ ...one.print, isInstalled: one.state.level === "installed" });
  const active = versions.find(({ state }) => state.level === "installed");
  if (active) {
    // It is built anew first; until then nobody knows what it lacks.
    if (active.state.problems.some(({ kind }) => kind === "object-missing")) return [];
    const own = found.filter((object) =>
      isOwn(object, { prints: versions.map(claim), rivals, owner: ownerOf(active) }),
    );
    return [[instanceAddress(active.id), own.map(({ path }) => outdated(path))]];
  }
  return versions.map((one) => {
    const claims: Claims = { prints: [claim(one)], rivals, owner: ownerOf(one) };
    const orphans = found.filter((object) => isOwn(object, claims)).map(({ path }) => orphan(path));
    return [instanceAddress(one.id), [...orphans, ...keptOriginals(scan, one)]];
  });
}

function indexOf(scan: Scan, onKernel: readonly ScannedInstance[]): ObjectIndex {
  const { paths } = scan.host;
  const destinations = new Set(onKernel.flatMap((one) => [...one.destinations]));
  const [directory] = onKernel.map(({ id }) => kernelDirectory(paths, id.kernel.release));
  const index = directory && attempt(scan, directory, () => indexObjects(scan.host, directory, destinations));
  return index || new Map();
}

/** What bears one of the names, but for the files that count as the installed ones. */
function findHashed(scan: Scan, versions: readonly ScannedInstance[], index: ObjectIndex): readonly HashedObject[] {
  const { files } = scan.host;
  const placed = versions.flatMap(({ state }) => state.objects.map(({ installed }) => installed?.path));
  const names = new Set(versions.flatMap(({ print }) => [...print.names]));
  return [...names].flatMap((name) =>
    (index.get(name) ?? []).flatMap((object) => {
      if (placed.includes(object.path)) return [];
      const { target, path } = object;
      const sha256 = attempt(scan, path, () => files.sha256(target?.file ?? path) ?? (target && ""));
      return sha256 === undefined ? [] : [{ ...object, sha256 }];
    }),
  );
}

/** The kernel's own objects that a killed run has not yet put back, or not yet dropped. */
function keptOriginals(scan: Scan, { id, state }: ScannedInstance): readonly Problem[] {
  if (!state.originalsSaved) return [];
  const place = originalsDirectory(scan.host.paths, id.module.name, id.kernel);
  const kept = attempt(scan, place, () => findOriginals(scan.host, ownerOf({ id })));
  // Of what came from nobody knows where, uninstall cannot get rid either.
  if (!kept?.some((original) => original.place !== undefined)) return [];
  const message = `${place} keeps objects of the kernel's own, although no version of ${id.module.name} is installed.`;
  return [{ kind: "orphan", message, path: place }];
}

/** Of what other packages have installed under the same names. */
function rivalDigests(versions: readonly ScannedInstance[], onKernel: readonly ScannedInstance[]): ReadonlySet<string> {
  const names = new Set(versions.flatMap(({ print }) => [...print.names]));
  const others = onKernel.filter((one) => !versions.includes(one) && one.state.level === "installed");
  const objects = others.flatMap(({ state }) => state.objects);
  return new Set(objects.filter(({ file }) => names.has(objectName(file) ?? "")).map(({ sha256 }) => sha256));
}

function ownerOf({ id }: Pick<ScannedInstance, "id">): Claims["owner"] {
  return { name: id.module.name, kernel: id.kernel };
}

function outdated(path: string): Problem {
  const message = `${path} is the module's, but not of the build that is installed.`;
  return { kind: "installed-differs", message, path };
}

function orphan(path: string): Problem {
  const message = `${path} lies in the install tree, although nothing of the module is installed.`;
  return { kind: "orphan", message, path };
}
