import path from "node:path";
import { type BuildRecord, parseBuildRecord } from "../dkms/build-record.ts";
import type { DkmsConf } from "../dkms/conf/dkms-conf.ts";
import { type Footprint, footprint } from "../dkms/footprint.ts";
import { type InstanceId, instanceAddress } from "../dkms/id.ts";
import { releaseMadeFor } from "../dkms/module-info.ts";
import { leadsTo, objectFile } from "../dkms/object-link.ts";
import { objectName } from "../dkms/object-name.ts";
import { readObject } from "../dkms/read-object.ts";
import type { TreeInstance, TreeModule } from "../dkms/read-tree.ts";
import { buildRecordFile, kernelDirectory, moduleObjectsDirectory } from "../dkms/tree-layout.ts";
import { findingOf } from "../dkms/tree-look.ts";
import type { InstanceState, ObjectState, Problem } from "./actual-state.ts";
import { expectedPath, findInstalled, type Wanted } from "./find-installed.ts";
import { attempt, evaluate, kernelOf, type Scan } from "./scan.ts";

/** An instance, and what may be in the install tree because of it. */
export interface ScannedInstance {
  readonly id: InstanceId;
  readonly state: InstanceState;
  readonly print: Footprint;
  /** Directories where its objects may have been installed, on this distribution or another. */
  readonly destinations: ReadonlySet<string>;
}

/** A module of the tree, and its instances. */
export interface ScannedModule {
  readonly module: TreeModule;
  readonly instances: readonly ScannedInstance[];
}

/** Everything about one instance that is there: its objects, built and installed, and what is wrong with them. */
export async function scanInstance(scan: Scan, id: InstanceId, tree: TreeInstance): Promise<ScannedInstance> {
  const directory = moduleObjectsDirectory(scan.host.paths, id);
  const directives = scan.directives.get(instanceAddress(id));
  const conf = await evaluate(scan, {
    module: id.module,
    kernel: kernelOf(scan, id.kernel),
    ...(directives && { directives }),
  });
  const look: InstanceLook = {
    scan,
    id,
    directory,
    conf: conf.ok ? conf.value : undefined,
    record: readRecord(scan, id),
    problems: [],
  };
  const objects = readObjects(look, tree.active);
  for (const { file, sha256 } of objects) await checkVermagic(look, file, sha256);
  checkComplete(look, objects);
  const { problems, record } = look;
  const level = tree.active ? "installed" : "built";
  const kernel = kernelDirectory(scan.host.paths, id.kernel.release);
  const built = { built: objects, record };
  const print = footprint({
    kernel,
    distribution: scan.distribution,
    addonModules: scan.host.paths.addonModules,
    conf: look.conf,
    ...built,
  });
  const written = [
    ...(look.conf?.objects.map(({ destLocation }) => destLocation) ?? []),
    // Of what is installed, or was until a run was killed, the build knows it also when dkms.conf has changed or is gone.
    ...(record?.objects.flatMap(({ destination }) => destination ?? []) ?? []),
    ...(record?.superseded?.flatMap(({ directory: before }) => before ?? []) ?? []),
  ];
  return {
    id,
    state: { kernel: id.kernel, level, objects, record, problems, originalsSaved: tree.originalsSaved },
    print,
    destinations: new Set([...print.places.values(), ...placesIn(kernel, written)]),
  };
}

/** What dkms.conf and records say of places counts below the kernel's directory alone. */
function placesIn(kernel: string, written: readonly string[]): readonly string[] {
  return written
    .map((place) => path.resolve(path.join(kernel, place)))
    .filter((place) => place.startsWith(`${kernel}/`));
}

interface InstanceLook {
  readonly scan: Scan;
  readonly id: InstanceId;
  readonly directory: string;
  readonly conf: DkmsConf | undefined;
  readonly record: BuildRecord | undefined;
  readonly problems: Problem[];
}

/** A record that was copied here from another instance says nothing about this one. */
function readRecord(scan: Scan, id: InstanceId): BuildRecord | undefined {
  const file = buildRecordFile(scan.host.paths, id);
  const text = attempt(scan, file, () => scan.host.files.readText(file));
  if (text === undefined) return undefined;
  const record = parseBuildRecord(text);
  if (record && instanceAddress(record) === instanceAddress(id)) return record;
  const problem = record ? `is about ${instanceAddress(record)}` : "is not a build record of this version";
  scan.findings.push({ code: "E_BAD_RECORD", path: file, message: `${file} ${problem}: it is not used.` });
  return undefined;
}

function readObjects(look: InstanceLook, active: boolean): ObjectState[] {
  const { files } = look.scan.host;
  const entries = reading(look, look.directory, () => files.list(look.directory)) ?? [];
  return entries.flatMap(({ name }) => {
    const stem = objectName(name);
    const place = path.join(look.directory, name);
    if (stem === undefined) return [];
    const sha256 = reading(look, place, () => (files.stat(place)?.kind === "file" ? files.sha256(place) : undefined));
    if (sha256 === undefined) return [];
    const spec = look.conf?.objects.find(({ destName }) => destName === stem);
    const wanted = { kernel: look.id.kernel, file: name, spec };
    const found = active ? findCopies(look, wanted, sha256) : undefined;
    const installed = found && judgeInstalled(look, wanted, { sha256, found });
    return [{ file: name, sha256, installed }];
  });
}

/** Every same-named object in the install tree; `undefined` if one of them, or where it would be, cannot be read. */
function findCopies(look: InstanceLook, wanted: Wanted, sha256: string): readonly Copy[] | undefined {
  const { scan, id } = look;
  const top = path.join(kernelDirectory(scan.host.paths, id.kernel.release), "kernel/");
  return reading(look, top, () =>
    findInstalled(scan, wanted).flatMap(({ path: place, isLink }) => {
      const digest = scan.host.files.sha256(isLink ? objectFile(scan.host, place) : place);
      if (digest === undefined) return [];
      const couldBeTheKernels = place.startsWith(top);
      const leadsElsewhere = isLink && !leadsTo(scan.host, place, path.join(look.directory, wanted.file));
      return [{ path: place, sha256: digest, couldBeTheKernels, sameContent: digest === sha256, leadsElsewhere }];
    }),
  );
}

interface Copy {
  readonly path: string;
  readonly sha256: string;
  /** It lies among the kernel's own modules, and could be one of them. */
  readonly couldBeTheKernels: boolean;
  readonly sameContent: boolean;
  /** It is a link, and not to the build. */
  readonly leadsElsewhere: boolean;
}

interface Copies {
  /** Of the built object. */
  readonly sha256: string;
  readonly found: readonly Copy[];
}

/** The copy that counts as the installed one, and what is wrong with it. */
function judgeInstalled(look: InstanceLook, wanted: Wanted, { sha256, found }: Copies): ObjectState["installed"] {
  const expected = expectedPath(look.scan, wanted);
  const copy = found.find(
    (one) => !one.couldBeTheKernels || one.sameContent || path.dirname(one.path) === path.dirname(expected),
  );
  if (!copy) {
    const message = `${expected} is not there, although ${instanceAddress(look.id)} is installed.`;
    look.problems.push({ kind: "installed-missing", message, path: expected });
    return undefined;
  }
  if (copy.sha256 !== sha256 || copy.leadsElsewhere) {
    const message = `${copy.path} is not the object that was built: ${path.join(look.directory, wanted.file)}.`;
    look.problems.push({ kind: "installed-differs", message, path: copy.path });
  }
  return { path: copy.path, sha256: copy.sha256 };
}

/** The record was written after this was checked, and reading an object costs more than hashing it. */
async function checkVermagic(look: InstanceLook, file: string, sha256: string): Promise<void> {
  if (look.record?.objects.some((recorded) => recorded.sha256 === sha256)) return;
  const place = path.join(look.directory, file);
  const object = await readObject(look.scan.host, place);
  if (!object.ok) {
    const unreadable = object.error.code === "E_IO" || object.error.code === "E_PERMISSION";
    look.problems.push({
      kind: unreadable ? "unreadable" : "object-missing",
      message: object.error.message,
      path: place,
    });
    return;
  }
  const release = releaseMadeFor(object.value.info);
  if (release === undefined || release === look.id.kernel.release) return;
  const message = `${place} was built for kernel ${release}, which is not the one that it is kept for.`;
  look.problems.push({ kind: "wrong-vermagic", message, path: place });
}

/** Every object that dkms.conf or the record names must be there; both may name the same one. */
function checkComplete({ conf, record, directory, problems }: InstanceLook, objects: readonly ObjectState[]): void {
  const missing = new Set<string>();
  for (const { destName } of conf?.objects ?? []) {
    if (!objects.some(({ file }) => objectName(file) === destName)) missing.add(destName);
  }
  for (const { file } of record?.objects ?? []) {
    if (!objects.some((object) => object.file === file)) missing.add(objectName(file) ?? file);
  }
  if (problems.some(({ kind }) => kind === "unreadable")) return;
  for (const name of missing) {
    const message = `${directory} has no object ${name}.ko.`;
    problems.push({ kind: "object-missing", message, path: path.join(directory, `${name}.ko`) });
  }
}

/** What cannot be read is a problem of the instance and makes the scan incomplete. */
function reading<T>(look: InstanceLook, place: string, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    const finding = findingOf(error, place);
    look.scan.findings.push(finding);
    look.problems.push({ kind: "unreadable", message: finding.message, path: finding.path });
    return undefined;
  }
}
