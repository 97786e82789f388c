import path from "node:path";
import type { Files } from "../../host/files.ts";
import type { Host } from "../../host/host.ts";
import { parseBuildRecord } from "../build-record.ts";
import type { DkmsConf, ObjectSpec } from "../conf/dkms-conf.ts";
import { destinationDirectory, readDistribution } from "../destination.ts";
import type { InstanceId } from "../id.ts";
import { objectSuffixes } from "../kernel.ts";
import { buildRecordFile, kernelDirectory, moduleObjectsDirectory } from "../tree-layout.ts";

/** A kernel object in a kernel's install tree. */
export interface FoundObject {
  /** Without `.ko` and what follows. */
  readonly name: string;
  readonly path: string;
}

/** The object's name without `.ko`, `.ko.xz`, …; `undefined` if the file is none. */
export function objectName(file: string): string | undefined {
  const suffix = objectSuffixes.find((suffix) => file.endsWith(suffix) && file.length > suffix.length);
  return suffix === undefined ? undefined : file.slice(0, -suffix.length);
}

/** Every file below a kernel's directory that bears one of the names, whatever its compression. Links are not followed. */
export function findObjects(files: Files, kernel: string, names: ReadonlySet<string>): FoundObject[] {
  return (files.list(kernel) ?? []).flatMap(({ name, kind }) => {
    const place = path.join(kernel, name);
    if (kind === "directory") return findObjects(files, place, names);
    const object = objectName(name);
    return kind === "file" && object !== undefined && names.has(object) ? [{ name: object, path: place }] : [];
  });
}

/** What an instance has, or may have, in its kernel's install tree. */
export interface Footprint {
  readonly names: ReadonlySet<string>;
  /** The object's name -> the directory that DKMS installs it to on this distribution; none without a dkms.conf. */
  readonly places: ReadonlyMap<string, string>;
  /** SHA-256 of the built objects. */
  readonly digests: ReadonlySet<string>;
}

/**
 * From dkms.conf, from `module/` and from the build record, so that it is known also when one of them is gone or says
 * something else by now.
 */
export function footprint(host: Host, instance: InstanceId, conf: DkmsConf | undefined): Footprint {
  const { files, paths } = host;
  const directory = moduleObjectsDirectory(paths, instance);
  const built = (files.list(directory) ?? []).map(({ name }) => name).filter((name) => objectName(name));
  const record = parseBuildRecord(files.readText(buildRecordFile(paths, instance)) ?? "")?.objects ?? [];
  const digests = [...built.map((name) => files.sha256(path.join(directory, name))), ...record.map((o) => o.sha256)];
  const specs = conf?.objects ?? [];
  const recorded = [...built, ...record.map(({ file }) => file)].flatMap((file) => objectName(file) ?? []);
  const names = new Set([...specs.map(({ destName }) => destName), ...recorded]);
  return { names, places: findPlaces(host, { instance, specs, names }), digests: new Set(digests.filter(isText)) };
}

/** Whether a file in the install tree is the instance's: DKMS's place for it, or its very content anywhere else. */
export function belongsTo(files: Files, { names, places, digests }: Footprint, found: FoundObject): boolean {
  if (!names.has(found.name)) return false;
  return places.get(found.name) === path.dirname(found.path) || digests.has(files.sha256(found.path) ?? "");
}

/** Where to stop removing empty directories above a file: a kernel and its own kernel/ stay, even if they are empty. */
export function pruneTop(kernel: string, file: string): string {
  const own = path.join(kernel, "kernel");
  return file.startsWith(`${own}/`) ? own : kernel;
}

interface PlaceQuery {
  readonly instance: InstanceId;
  readonly specs: readonly ObjectSpec[];
  readonly names: ReadonlySet<string>;
}

/** Where the distribution sends everything, that place is known without dkms.conf too. */
function findPlaces(host: Host, { instance, specs, names }: PlaceQuery): ReadonlyMap<string, string> {
  const distribution = readDistribution(host);
  const kernel = kernelDirectory(host.paths, instance.kernel.release);
  const places = [...names].map((name) => {
    const spec = specs.find(({ destName }) => destName === name) ?? { ...unknownSpec, destName: name };
    return [name, destinationDirectory(spec, distribution)] as const;
  });
  return new Map(places.filter(([, place]) => place !== "").map(([name, place]) => [name, path.join(kernel, place)]));
}

const unknownSpec: Omit<ObjectSpec, "destName"> = { builtName: "", builtLocation: "", destLocation: "", strip: false };

function isText(value: string | undefined): value is string {
  return value !== undefined;
}
