import path from "node:path";
import type { DesiredModule } from "../desired-state/desired-state.ts";
import { objectSuffixes } from "../dkms/kernel.ts";
import { findBuild, kernelIds } from "../dkms/read-kernels.ts";
import { kernelDirectory } from "../dkms/tree-layout.ts";
import type { DirectoryEntry } from "../host/files.ts";
import type { Host } from "../host/host.ts";
import { ifReadable, isSystemError } from "../host/system-error.ts";

/** What decides what a run would do, as it lies on the disk; contents are not read. */
export interface Survey {
  /** Each place that counts, with what tells one state of it from another. */
  readonly marks: ReadonlyMap<string, string>;
  /** Directories that are there, and in which it is seen when one of the places changes, appears or goes. */
  readonly directories: ReadonlySet<string>;
}

export interface SurveyScope {
  /** Documents, and directories of documents; absolute. */
  readonly documents: readonly string[];
  /** The agent's own settings. */
  readonly settings: string;
  /** What is wanted, as far as a document was valid yet. */
  readonly modules: readonly Pick<DesiredModule, "name" | "version" | "source" | "tarballs">[];
}

/**
 * Looks at the documents, the settings, the archives and sources that the documents name, and at each kernel: whether it has
 * headers, and which; and what lies where modules are installed. Never throws for what it finds.
 */
export function survey(host: Host, { documents, settings, modules }: SurveyScope): Survey {
  const look: Look = { host, marks: new Map(), directories: new Set() };
  const { dkmsSettings } = host.paths;
  for (const place of documents) lookInto(look, place, ({ name }) => name.endsWith(".yaml"));
  lookAt(look, settings);
  for (const place of [dkmsSettings, path.join(dkmsSettings, "framework.conf.d")])
    lookInto(look, place, ({ name }) => name.endsWith(".conf"));
  for (const module of modules) for (const place of placesOf(host, module)) lookAt(look, place);
  lookInto(look, host.paths.installTree, () => false);
  for (const { release } of ifReadable(() => kernelIds(host)) ?? []) lookAtKernel(look, release);
  return look;
}

/** The places that are not as they were, in the order of their names. */
export function changedPlaces(before: Survey, after: Survey): readonly string[] {
  const places = new Set([...before.marks.keys(), ...after.marks.keys()]);
  return [...places].filter((place) => before.marks.get(place) !== after.marks.get(place)).sort();
}

interface Look {
  readonly host: Host;
  readonly marks: Map<string, string>;
  readonly directories: Set<string>;
}

/** Archives, and the dkms.conf of each source. */
function placesOf({ paths }: Host, { name, version, source, tarballs }: SurveyScope["modules"][number]): string[] {
  const sources = [path.join(paths.sourceTree, `${name}-${version}`), ...(source === undefined ? [] : [source])];
  return [...tarballs.map((tarball) => tarball.path), ...sources.map((place) => path.join(place, "dkms.conf"))];
}

/** What the digest of a kernel's headers is made of (read-kernels.ts). */
const headerFiles = ["include/config/auto.conf", ".config", "Module.symvers", "include/generated/utsrelease.h"];

/** Below a kernel's directory: where DKMS and distributions install modules. */
const moduleDirectories = ["updates", "updates/dkms", "extra", "weak-updates"];

function lookAtKernel(look: Look, release: string): void {
  const { host, marks } = look;
  const directory = kernelDirectory(host.paths, release);
  const build = path.join(directory, "build");
  lookInto(look, directory, () => false);
  // depmod, which each run may start, writes it anew: only that it is there counts.
  const list = path.join(directory, "modules.dep");
  marks.set(list, String(ifReadable(() => host.files.stat(list)) !== undefined));
  marks.set(build, `${ifReadable(() => host.files.readLink(build))}`);
  const headers = host.paths.headers ?? ifReadable(() => findBuild(host, build)) ?? build;
  // Through the link, so that what it leads to is watched and not the link.
  const real = ifReadable(() => host.files.realPath(headers)) ?? headers;
  for (const file of headerFiles) lookAt(look, path.join(real, file));
  for (const place of moduleDirectories)
    lookInto(look, path.join(directory, place), ({ name }) => objectSuffixes.some((suffix) => name.endsWith(suffix)));
}

/** One place, whatever it is. */
function lookAt({ host, marks, directories }: Look, place: string): void {
  marks.set(place, markOf(host, place));
  directories.add(nearestDirectory(host, path.dirname(place)));
}

/** A directory, and those in it that count; also where it is a file, or not there. */
function lookInto(look: Look, place: string, counts: (entry: DirectoryEntry) => boolean): void {
  const { host, marks, directories } = look;
  directories.add(nearestDirectory(host, path.dirname(place)));
  const entries = ifReadable(() => host.files.list(place));
  marks.set(place, markOf(host, place));
  if (entries === undefined) return;
  directories.add(place);
  for (const entry of entries) {
    const inside = path.join(place, entry.name);
    if (counts(entry)) marks.set(inside, markOf(host, inside));
  }
}

/** The directory itself, or the nearest one above it that is there. */
function nearestDirectory(host: Host, place: string): string {
  const isThere = ifReadable(() => host.files.stat(place))?.kind === "directory";
  return isThere || place === path.dirname(place) ? place : nearestDirectory(host, path.dirname(place));
}

function markOf(host: Host, place: string): string {
  try {
    const stat = host.files.stat(place);
    if (!stat) return "absent";
    const { kind, device, inode, size, mode, uid, mtimeMs, ctimeMs } = stat;
    // Who may write into it counts; what does not count may come and go in it.
    if (kind === "directory") return [kind, device, inode, mode, uid].join(" ");
    return [kind, device, inode, size, mode, uid, mtimeMs, ctimeMs].join(" ");
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return error.code;
  }
}
