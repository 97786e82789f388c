import path from "node:path";
import type { Host } from "../host/host.ts";
import { type BuildRecord, type ObjectDigest, readBuildRecord } from "./build-record.ts";
import type { DkmsConf, ObjectSpec } from "./conf/dkms-conf.ts";
import { destinationDirectory, readDistribution } from "./destination.ts";
import type { FoundObject } from "./find-objects.ts";
import { type InstanceId, instanceAddress, type KernelId, kernelKey } from "./id.ts";
import { objectName } from "./object-name.ts";
import { kernelDirectory, moduleObjectsDirectory } from "./tree-layout.ts";

/** What an instance has, or may have, in its kernel's install tree. */
export interface Footprint {
  /** Object names, without suffix. */
  readonly names: ReadonlySet<string>;
  /** Object name -> the directory that DKMS installs it to on this distribution; none without a dkms.conf. */
  readonly places: ReadonlyMap<string, string>;
  /** SHA-256 of what was built, now and earlier. */
  readonly digests: ReadonlySet<string>;
}

/** Everything that tells of a build, each of which may be gone or say something else by now. */
export interface BuildTraces {
  /** `<install tree>/<release>` */
  readonly kernel: string;
  readonly distribution: string;
  /** As Paths.addonModules. */
  readonly addonModules: string | undefined;
  /** `undefined`: it cannot be evaluated. */
  readonly conf: DkmsConf | undefined;
  /** The objects in `module/`. */
  readonly built: readonly ObjectDigest[];
  readonly record: BuildRecord | undefined;
}

/** From dkms.conf, from `module/` and from the build record. Pure. */
export function footprint({ kernel, distribution, addonModules, conf, built, record }: BuildTraces): Footprint {
  const specs = conf?.objects ?? [];
  const current = [...built, ...(record?.objects ?? [])];
  const superseded = record?.superseded ?? [];
  const names = new Set([...specs.map(({ destName }) => destName), ...namesOf(current)]);
  const places = [...names].map((name) => {
    const spec = specs.find(({ destName }) => destName === name) ?? unknownSpec;
    return [name, destinationDirectory(spec, distribution, addonModules)] as const;
  });
  return {
    names: new Set([...names, ...namesOf(superseded)]),
    // What the module does not make any more may be another's by now: of that only the very content counts.
    places: new Map(
      places.filter(([, place]) => place !== "").map(([name, place]) => [name, path.join(kernel, place)]),
    ),
    digests: new Set([...current, ...superseded].map(({ sha256 }) => sha256)),
  };
}

/** The footprint of an instance of the DKMS tree. Throws what the file system throws. */
export function readFootprint(host: Host, instance: InstanceId, conf: DkmsConf | undefined): Footprint {
  const { paths } = host;
  const record = readBuildRecord(host, instance);
  return footprint({
    kernel: kernelDirectory(paths, instance.kernel.release),
    distribution: readDistribution(host),
    addonModules: paths.addonModules,
    conf,
    built: readBuilt(host, instance),
    // One that was copied here from another instance says nothing about this one.
    record: record && instanceAddress(record) === instanceAddress(instance) ? record : undefined,
  });
}

/** The objects in an instance's `module/`, or those with one of the names. */
export function readBuilt(
  { files, paths }: Host,
  instance: InstanceId,
  names?: ReadonlySet<string>,
): readonly ObjectDigest[] {
  const directory = moduleObjectsDirectory(paths, instance);
  return (files.list(directory) ?? []).flatMap(({ name: file }) => {
    const name = objectName(file);
    if (name === undefined || names?.has(name) === false) return [];
    const sha256 = files.sha256(path.join(directory, file));
    return sha256 === undefined ? [] : [{ file, sha256 }];
  });
}

/** An object in the install tree with its content; that of a link that leads to nothing is the empty text. */
export interface HashedObject extends FoundObject {
  readonly sha256: string;
}

/** What is known of whose an object is. */
export interface Claims {
  /** Of the instances of one package for one kernel, or of some of them. */
  readonly prints: readonly (Footprint & {
    /** Then what lies at DKMS's place counts as its own, whatever the content. */
    readonly isInstalled: boolean;
  })[];
  /** SHA-256 of what other packages have built and, as their active links say, installed. */
  readonly rivals: ReadonlySet<string>;
  readonly owner: { readonly name: string; readonly kernel: KernelId };
}

/**
 * The one rule of whose an object in the install tree is. A module's own is what has the content of one of its builds,
 * wherever it lies, and, while the module is installed, what lies at DKMS's place for it. What another package has
 * installed is that package's, also where both have built the same. A link is the package's in whose builds it ends.
 */
export function isOwn(object: HashedObject, { prints, rivals, owner }: Claims): boolean {
  const { name, path: place, sha256, target } = object;
  if (target) return target.packageName === owner.name && target.kernel === kernelKey(owner.kernel);
  if (rivals.has(sha256)) return false;
  return prints.some(
    ({ places, digests, isInstalled }) =>
      digests.has(sha256) || (isInstalled && places.get(name) === path.dirname(place)),
  );
}

/** Where the distribution sends everything, that place is known without dkms.conf too. */
const unknownSpec: Pick<ObjectSpec, "destLocation"> = { destLocation: "" };

function namesOf(objects: readonly ObjectDigest[]): string[] {
  return objects.flatMap(({ file }) => objectName(file) ?? []);
}
