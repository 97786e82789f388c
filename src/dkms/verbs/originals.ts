import path from "node:path";
import type { Host } from "../../host/host.ts";
import type { KernelId } from "../id.ts";
import {
  collisionsDirectory,
  kernelDirectory,
  originalsDirectory,
  originSuffix,
  packageDirectory,
} from "../tree-layout.ts";
import type { FileChanges } from "./file-changes.ts";

/** Whose originals: they are kept by module name and kernel, whatever version replaced them. */
export interface OriginalsOf {
  readonly name: string;
  readonly kernel: KernelId;
}

/** An object of the kernel's own that DKMS keeps while a module replaces it. */
export interface Original {
  readonly stored: string;
  readonly origin: string;
  /** Where it came from; `undefined` if that is not known or not in the kernel's directory. */
  readonly place: string | undefined;
}

/** Everything that is kept for a kernel, single objects and collisions. */
export function findOriginals(host: Host, of: OriginalsOf): Original[] {
  return filesBelow(host, originalsDirectory(host.paths, of.name, of.kernel))
    .filter((file) => !file.endsWith(originSuffix))
    .map((stored) => {
      const origin = stored + originSuffix;
      const text = host.files.readText(origin)?.split("\n")[0] ?? "";
      return { stored, origin, place: placeInKernel(host, of.kernel, text) };
    });
}

/**
 * Copies objects to original_module, the first to its top and others to collisions, each with its old path. What is kept
 * already under the same name is replaced if it came from the same place: then it is older.
 */
export function saveOriginals(host: Host, of: OriginalsOf, found: readonly string[], changes: FileChanges): void {
  const { files, paths } = host;
  const top = originalsDirectory(paths, of.name, of.kernel);
  const kernel = kernelDirectory(paths, of.kernel.release);
  const kept = findOriginals(host, of);
  for (const [index, file] of found.entries()) {
    const known = kept.find(({ place }) => place === file)?.stored;
    const isFree = index === 0 && files.lstat(path.join(top, path.basename(file))) === undefined;
    const directory = isFree ? top : path.join(collisionsDirectory(paths, of.name, of.kernel), below(kernel, file));
    const stored = known ?? path.join(directory, path.basename(file));
    changes.makeDirectory(path.dirname(stored));
    const staged = changes.stage(path.dirname(stored), (copy) => files.copyFile(file, copy));
    // First where it belongs, then the object: without its path it could not be put back.
    changes.write(stored + originSuffix, `${inRoot(host, file)}\n`);
    changes.place(staged, stored);
  }
}

/** Removes what was kept, and directories that are empty then. */
export function dropOriginals({ paths }: Host, { name }: OriginalsOf, kept: readonly Original[], changes: FileChanges) {
  const top = packageDirectory(paths, name);
  for (const { stored, origin } of kept) {
    changes.moveAway(stored);
    changes.moveAway(origin);
    changes.prune(path.dirname(stored), top);
  }
}

/** The directory of a file, below the kernel's. */
function below(kernel: string, file: string): string {
  return path.dirname(path.relative(kernel, file));
}

/** As the machine that lives in the root sees it, so that dell/dkms there can put it back. */
function inRoot({ root }: Host, file: string): string {
  return root === "/" ? file : `/${path.relative(root, file)}`;
}

/**
 * The part of the path below the kernel's directory counts: the tree may be named by another root or through a link than
 * when the object was saved.
 */
function placeInKernel({ paths }: Host, { release }: KernelId, origin: string): string | undefined {
  const mark = `/${release}/`;
  const at = origin.indexOf(mark);
  const rest = at < 0 ? "" : origin.slice(at + mark.length);
  const isPlain = rest !== "" && rest.split("/").every((part) => part !== ".." && part !== "." && part !== "");
  return isPlain ? path.join(kernelDirectory(paths, release), rest) : undefined;
}

function filesBelow(host: Host, directory: string): string[] {
  return (host.files.list(directory) ?? []).flatMap(({ name, kind }) => {
    const place = path.join(directory, name);
    if (kind === "directory") return filesBelow(host, place);
    return kind === "file" && !name.startsWith(".") ? [place] : [];
  });
}
