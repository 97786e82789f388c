import path from "node:path";
import { isSameArch } from "../dkms/elf-machine.ts";
import { type InstanceAddress, type InstanceId, instanceAddress, kernelKey } from "../dkms/id.ts";
import { ioFailure } from "../dkms/io-failure.ts";
import type { Kernel } from "../dkms/kernel.ts";
import { kernelConfigFile } from "../dkms/kernel-config.ts";
import type { KnownObjects, ObjectInfo } from "../dkms/known-objects.ts";
import { kernelNameOf } from "../dkms/loaded-name.ts";
import { type ModuleList, readModuleList } from "../dkms/module-list.ts";
import { objectFile } from "../dkms/object-link.ts";
import {
  judgeSignature,
  type SignatureDemand,
  type SignatureProblem,
  signatureDemands,
} from "../dkms/signing/signature-demand.ts";
import type { SigningSettings } from "../dkms/signing/signing.ts";
import { depmodBase } from "../dkms/state-layout.ts";
import { checkVermagic } from "../dkms/verbs/check-vermagic.ts";
import type { Host } from "../host/host.ts";
import { ifReadable } from "../host/system-error.ts";
import type { InstanceState, ObjectState } from "./actual-state.ts";

/** What keeps a kernel from loading an object that is installed. */
export interface BootProblem {
  readonly reason: BootProblemKind;
  /** One sentence without its full stop. */
  readonly text: string;
  readonly remedy: string;
  readonly path: string;
}

export type BootProblemKind =
  | SignatureProblem["kind"]
  | "bad-object"
  | "unreadable"
  | "wrong-vermagic"
  | "wrong-architecture"
  | "no-modules-dep"
  | "not-in-modules-dep"
  | "missing-dependency";

export interface InspectRequest {
  /** What is installed; of kernels that are not among `kernels` nothing is looked at. */
  readonly instances: readonly { readonly id: InstanceId; readonly state: InstanceState }[];
  readonly kernels: readonly Kernel[];
  readonly signing: SigningSettings;
  readonly objects: KnownObjects;
}

/**
 * What would keep kernels from loading instances that are installed for them, beyond what the scan looks at: each object is
 * read, its vermagic, architecture and signature are judged, and modprobe must find it and what it depends on in
 * modules.dep. Only reads; never throws for what is on the disk. Instances without problems are in the answer too.
 */
export async function inspectInstalled(
  host: Host,
  { kernels, signing, instances, objects }: InspectRequest,
): Promise<ReadonlyMap<InstanceAddress, readonly BootProblem[]>> {
  const demandOf = signatureDemands(host, signing);
  const looks = new Map<string, Look>();
  const found = new Map<InstanceAddress, readonly BootProblem[]>();
  for (const { id, state } of instances) {
    const key = kernelKey(id.kernel);
    const kernel = kernels.find((one) => kernelKey(one.id) === key);
    if (!kernel) continue;
    const known = looks.get(key);
    const look = known ?? { host, kernel, objects, demand: await demandOf(kernel), list: readList(host, kernel) };
    looks.set(key, look);
    // What is wrong with the kernel's list is wrong for each object, and told once.
    const problems = new Set<BootProblem>();
    for (const { installed } of state.objects)
      if (installed) for (const problem of await inspectObject(look, installed)) problems.add(problem);
    found.set(instanceAddress(id), [...problems]);
  }
  return found;
}

/**
 * All that inspectInstalled goes by besides the instances: while it is the same, so is what it finds. But for the kernel's
 * own objects that others depend on, which nobody takes away without depmod.
 */
export async function inspectionBasis(
  host: Host,
  { kernels, signing }: Pick<InspectRequest, "kernels" | "signing">,
): Promise<readonly unknown[]> {
  const demandOf = signatureDemands(host, signing);
  const basis: unknown[] = [];
  for (const kernel of kernels) {
    // The kernel's configuration is long, and seldom another one: its stamp stands for what it asks.
    const { digest } = await demandOf({ ...kernel, headers: undefined });
    const config = ifReadable(() => kernelConfigFile(host, kernel));
    const lists = listFiles.map((name) => path.join(kernel.directory, name));
    const stamps = [config, ...lists].map((place) => place && stampOf(host, place));
    basis.push([kernelKey(kernel.id), digest, stamps]);
  }
  return basis;
}

const listFiles = ["modules.dep", "modules.dep.bin", "modules.builtin"] as const;

function stampOf({ files }: Host, place: string): unknown {
  try {
    const stat = files.stat(place);
    return stat && [stat.size, stat.mtimeMs, stat.ctimeMs, stat.inode];
  } catch {
    // That it cannot be read is the same as long as it cannot.
    return "unreadable";
  }
}

interface Look {
  readonly host: Host;
  readonly kernel: Kernel;
  readonly objects: KnownObjects;
  readonly demand: SignatureDemand;
  readonly list: ModuleList | BootProblem;
}

function readList(host: Host, { id, directory }: Kernel): ModuleList | BootProblem {
  const place = path.join(directory, "modules.dep");
  try {
    const list = readModuleList(host, id);
    if (list) return list;
    const text = `depmod has never been run for ${id.release}: there is no ${place}`;
    return { reason: "no-modules-dep", text, remedy: depmodRemedy(host, id.release), path: place };
  } catch (error) {
    const { message, remedy = "see what is wrong with the file system" } = ioFailure(error, `read ${place}`).error;
    return { reason: "unreadable", text: withoutStop(message), remedy, path: place };
  }
}

/** As it can be run from here: depmod takes the modules of this system for the ones that are meant. */
function depmodRemedy({ root, paths }: Host, release: string): string {
  if (paths.installTree === "/lib/modules") return `depmod -a ${release}`;
  const isBelowRoot = paths.installTree === path.join(root, "lib/modules");
  return `depmod -a -b ${isBelowRoot ? root : depmodBase(paths)} ${release}`;
}

async function inspectObject(look: Look, installed: InstalledObject): Promise<readonly BootProblem[]> {
  const { path: place } = installed;
  const { demand } = look;
  const signature = { digest: demand.digest, judge: (content: Uint8Array) => judgeSignature(content, demand) };
  const facts = await look.objects.look({ ...installed, signature });
  if (!facts.ok) {
    const { code, message, remedy = "build it again" } = facts.error;
    const reason = code === "E_IO" || code === "E_PERMISSION" ? "unreadable" : "bad-object";
    return [{ reason, text: withoutStop(message), remedy: withoutStop(remedy), path: place }];
  }
  const { info, signature: problem } = facts.value;
  return [
    ...madeForAnother(look.kernel, info, place),
    ...(problem ? [signatureProblem(problem, place)] : []),
    ...listProblems(look, info, place),
  ];
}

type InstalledObject = NonNullable<ObjectState["installed"]>;

function madeForAnother({ id }: Kernel, info: ObjectInfo, place: string): readonly BootProblem[] {
  const wrong = checkVermagic({ info }, { kernel: id, path: place });
  if (wrong && !wrong.ok) {
    const { message, remedy = "" } = wrong.error;
    return [{ reason: "wrong-vermagic", text: withoutStop(message), remedy: withoutStop(remedy), path: place }];
  }
  const { arch } = info;
  if (arch === undefined || isSameArch(arch, id.arch)) return [];
  const text = `${place} is made for ${arch}, not for ${id.arch}`;
  return [{ reason: "wrong-architecture", text, remedy: "build it again for this kernel", path: place }];
}

function signatureProblem({ kind, text }: SignatureProblem, place: string): BootProblem {
  return { reason: kind, text: `${place} ${withoutStop(text)}`, remedy: signatureRemedies[kind], path: place };
}

const signatureRemedies: Readonly<Record<SignatureProblem["kind"], string>> = {
  unsigned: "sign it, or build it again where it is signed",
  "wrong-signer": "build it again, so that it is signed with the key of the settings",
  "bad-signature": "build it again: the kernel refuses a bad signature, also where none is required",
  "not-enrolled": "enrol the certificate before the next boot",
  "no-certificate": "name the certificate in the settings (signing_key, certificate)",
};

/** What modprobe makes of it: it goes by modules.dep.bin, which depmod writes together with modules.dep. */
function listProblems({ host, kernel, list }: Look, info: ObjectInfo, place: string): readonly BootProblem[] {
  if ("reason" in list) return [list];
  const { directory, id } = kernel;
  const name = place.startsWith(`${directory}/`) ? place.slice(directory.length + 1) : place;
  const needed = list.needs(name);
  const remedy = depmodRemedy(host, id.release);
  const problem = (reason: BootProblemKind, text: string) => ({ reason, text, remedy, path: place });
  if (!needed) return [problem("not-in-modules-dep", `${directory}/modules.dep does not name ${name}`)];
  if (!list.isIndexed(name))
    return [problem("not-in-modules-dep", `${directory}/modules.dep.bin does not name ${name}`)];
  const names = needed.map(kernelNameOf);
  const unknown = info.depends.filter(
    (one) => !names.includes(kernelNameOf(one)) && !list.isBuiltIn(kernelNameOf(one)),
  );
  const gone = needed.filter((file) => !isThere(host, path.resolve(directory, file)));
  return [
    ...unknown.map((one) => problem("missing-dependency", `${name} needs ${one}, which modules.dep does not have`)),
    ...gone.map((one) => problem("missing-dependency", `${name} needs ${one}, which is not there`)),
  ];
}

function isThere(host: Host, place: string): boolean {
  try {
    return host.files.stat(objectFile(host, place)) !== undefined;
  } catch {
    // Something is; that it cannot be looked at is told where it matters.
    return true;
  }
}

function withoutStop(text: string): string {
  return text.replace(/\.$/, "");
}
