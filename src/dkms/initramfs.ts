import { createHash } from "node:crypto";
import path from "node:path";
import type { Host } from "../host/host.ts";
import { type KernelId, nameProblem } from "./id.ts";
import { fieldsOf, parseJson, textsOf } from "./json-fields.ts";
import { readMachineId } from "./machine-id.ts";
import { objectName } from "./object-name.ts";
import { inside } from "./path-component.ts";
import { initramfsRecordFile } from "./state-layout.ts";
import { activeObjectsDirectory, kernelDirectory } from "./tree-layout.ts";

/** What a kernel's initramfs was made from, as far as anybody has asked for it. */
export interface InitramfsRecord {
  /** By the module's name: {@link objectsDigest} of then; empty if its objects were changed, or taken away, since. */
  readonly modules: ReadonlyMap<string, string>;
  /** `undefined`: it was made. */
  readonly pending: PendingInitramfs | undefined;
}

/** An initramfs that is made as soon as its image looks otherwise. */
export interface PendingInitramfs {
  /** {@link InitramfsImage.mark}; `undefined`: there was none. */
  readonly mark: string | undefined;
  /** Its maker was called, and has left it as it was: in words. `undefined`: it was left to somebody else. */
  readonly declined: string | undefined;
}

/** The image that the boot loader finds for a kernel. */
export interface InitramfsImage {
  readonly path: string;
  /** Another one once it was made again. Without its inode, which FAT makes up anew each time that it is mounted. */
  readonly mark: string;
}

/** Programs that make an initramfs, the one to prefer first. */
export const initramfsMakers = ["update-initramfs", "dracut", "mkinitcpio"] as const;

export type InitramfsMaker = (typeof initramfsMakers)[number];

/** The one that this host has. */
export function findInitramfsMaker({ findProgram }: Pick<Host, "findProgram">): InitramfsMaker | undefined {
  return initramfsMakers.find((name) => findProgram(name) !== undefined);
}

/** What to do where its maker has left an image as it was. */
export const declinedRemedy =
  "Until what is installed changes again, it is not asked again: mend that, then run dkms-agent apply --retry; or make the initramfs by hand";

/** The image of a kernel; `undefined` where none was ever made, as for a kernel of which only the headers are there. */
export function findInitramfs(host: Host, { release }: KernelId): InitramfsImage | undefined {
  for (const place of imagePlaces(host, release)) {
    const stat = host.files.stat(place);
    if (stat?.kind === "file") return { path: place, mark: `${place} ${stat.size} ${stat.mtimeMs}` };
  }
  return undefined;
}

/** initramfs-tools; dracut; SUSE; mkinitcpio, by the name of the kernel's package; the Boot Loader Specification. */
function imagePlaces(host: Host, release: string): readonly string[] {
  const { paths, files, root } = host;
  const base = files.readText(path.join(kernelDirectory(paths, release), "pkgbase"))?.trim() ?? "";
  const machine = readMachineId(host);
  const names = [`initrd.img-${release}`, `initramfs-${release}.img`, `initrd-${release}`];
  if (base !== "" && nameProblem(base) === undefined) names.push(`initramfs-${base}.img`);
  const entries = machine === undefined ? [] : [paths.boot, path.join(root, "efi"), path.join(paths.boot, "efi")];
  return [
    ...names.map((name) => path.join(paths.boot, name)),
    ...entries.map((directory) => path.join(directory, machine ?? "", release, "initrd")),
  ];
}

/** By which two builds of a module are told apart: over the names and contents of all objects. */
export function objectsDigest(objects: readonly { readonly file: string; readonly sha256: string }[]): string {
  const lines = objects.map(({ file, sha256 }) => `${sha256}  ${file}\n`).sort();
  return createHash("sha256").update(lines.join("")).digest("hex");
}

/** The same of whichever version of a module is installed for a kernel; `undefined` if none is. */
export function installedObjectsDigest({ files, paths }: Host, name: string, kernel: KernelId): string | undefined {
  const directory = activeObjectsDirectory(paths, name, kernel);
  const objects = (files.list(directory) ?? []).flatMap(({ name: file }) => {
    const sha256 = objectName(file) === undefined ? undefined : files.sha256(inside(directory, file));
    return sha256 === undefined ? [] : [{ file, sha256 }];
  });
  return objects.length === 0 ? undefined : objectsDigest(objects);
}

/** What is recorded of a kernel; nothing, if there is no record or nobody can read it: then it is made once more. */
export function readInitramfsRecord(
  { files, paths }: Pick<Host, "files" | "paths">,
  kernel: KernelId,
): InitramfsRecord {
  const text = files.readText(initramfsRecordFile(paths, kernel));
  return (text === undefined ? undefined : parse(text)) ?? { modules: new Map(), pending: undefined };
}

/** Keeps it. Throws what the file system throws. */
export function writeInitramfsRecord(
  { files, paths }: Pick<Host, "files" | "paths">,
  kernel: KernelId,
  { modules, pending }: InitramfsRecord,
): void {
  const file = initramfsRecordFile(paths, kernel);
  files.makeDirectory(path.dirname(file));
  const sorted = [...modules].sort(([a], [b]) => (a < b ? -1 : 1));
  files.writeAtomic(file, `${JSON.stringify({ format, pending, modules: Object.fromEntries(sorted) })}\n`);
}

const format = 2;

function parse(text: string): InitramfsRecord | undefined {
  const fields = fieldsOf(parseJson(text));
  const [pending, modules] = [textsOf(fields?.get("pending")), textsOf(fields?.get("modules"))];
  if (fields?.get("format") !== format || !modules) return undefined;
  return { modules, pending: pending && { mark: pending.get("mark"), declined: pending.get("declined") } };
}
