import { createHash } from "node:crypto";
import path from "node:path";
import type { Host } from "../host/host.ts";
import { type KernelId, nameProblem } from "./id.ts";
import { type Compression, type Kernel, objectSuffixes } from "./kernel.ts";
import { kernelDirectory } from "./tree-layout.ts";
import { compareReleases } from "./version-order.ts";

/** Every kernel of the install tree, oldest first. Throws what the file system throws. */
export function readKernels(host: Host): Kernel[] {
  return kernelIds(host).flatMap((id) => readKernel(host, id) ?? []);
}

/**
 * The names that the install tree holds, as kernels of this machine's architecture, oldest first: whether there is more
 * to each than a name, {@link readKernel} tells.
 */
export function kernelIds(host: Host): KernelId[] {
  const entries = host.files.list(host.paths.installTree) ?? [];
  return entries
    .filter(({ name, kind }) => (kind === "directory" || kind === "link") && nameProblem(name) === undefined)
    .map(({ name }) => ({ release: name, arch: host.machine.arch }))
    .sort((a, b) => compareReleases(a.release, b.release));
}

/** One kernel; `undefined` if the install tree has no directory for it. Throws what the file system throws. */
export function readKernel(host: Host, id: KernelId): Kernel | undefined {
  const directory = kernelDirectory(host.paths, id.release);
  if (!isDirectory(host, directory)) return undefined;
  const own = path.join(directory, "kernel");
  const isThere = (name: string) => host.files.stat(path.join(directory, name)) !== undefined;
  return {
    id,
    directory,
    ...readBuildPlaces(host, directory),
    hasModulesDep: isThere("modules.dep"),
    isInstalled: isDirectory(host, own) || isThere("modules.builtin") || isThere("modules.order"),
    compression: compressionOf(firstObject(host, own)),
  };
}

/**
 * A kernel that the install tree does not know: enough to evaluate a dkms.conf for it, and to build for it where other
 * headers are named.
 */
export function absentKernel(host: Host, id: KernelId): Kernel {
  const directory = kernelDirectory(host.paths, id.release);
  const isNamed = host.paths.headers !== undefined;
  const places = isNamed ? readBuildPlaces(host, directory) : { headers: undefined };
  return { id, directory, ...places, hasModulesDep: false, isInstalled: false, compression: "none" };
}

function readBuildPlaces(host: Host, kernel: string): Pick<Kernel, "headers" | "config"> {
  const { headers: named, kernelConfig: config } = host.paths;
  const directory = named ?? findBuild(host, path.join(kernel, "build"));
  const isThere = isDirectory(host, path.join(directory, "include"));
  const headers = isThere ? { directory, digest: digestHeaders(host, directory, config) } : undefined;
  return { headers, ...(config !== undefined && { config }) };
}

/**
 * Where a kernel's `build` leads. Under another root an absolute link means a place in that root first, and only then one of
 * this machine.
 */
export function findBuild(host: Host, build: string): string {
  const target = host.root === "/" ? undefined : host.files.readLink(build);
  if (target === undefined || !path.isAbsolute(target)) return build;
  const inRoot = path.join(host.root, target);
  return isDirectory(host, inRoot) ? inRoot : build;
}

/**
 * Over what decides how a module comes out: the configuration (which code there is, how structures are laid out), the
 * exported symbols with their checksums (what the module may link to), and the release (its vermagic). The thousands of
 * header files are left out: a change in them that matters to a module changes a symbol's checksum, and a distribution's
 * security update that keeps the interface is then no reason to build everything anew.
 */
function digestHeaders(host: Host, build: string, named: string | undefined): string {
  const config = "include/config/auto.conf";
  const hasConfig = host.files.stat(path.join(build, config)) !== undefined;
  const files = [hasConfig ? config : ".config", "Module.symvers", "include/generated/utsrelease.h"];
  const hash = createHash("sha256");
  if (named !== undefined) hash.update(`--config ${host.files.sha256(named) ?? "absent"}\n`);
  for (const file of files) hash.update(`${file} ${host.files.sha256(path.join(build, file)) ?? "absent"}\n`);
  return hash.digest("hex");
}

/** The first kernel object below a directory, in name order: one stands for all, since one `make` compressed them. */
function firstObject(host: Host, directory: string): string | undefined {
  for (const { name, kind } of host.files.list(directory) ?? []) {
    if (kind === "file" && objectSuffixes.some((suffix) => name.endsWith(suffix))) return name;
    const inside = kind === "directory" ? firstObject(host, path.join(directory, name)) : undefined;
    if (inside !== undefined) return inside;
  }
  return undefined;
}

function compressionOf(object: string | undefined): Compression {
  if (object?.endsWith(".zst")) return "zst";
  if (object?.endsWith(".xz")) return "xz";
  return object?.endsWith(".gz") ? "gz" : "none";
}

function isDirectory(host: Host, place: string): boolean {
  return host.files.stat(place)?.kind === "directory";
}
