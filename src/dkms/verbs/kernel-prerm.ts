import path from "node:path";
import type { Host } from "../../host/host.ts";
import type { Failure } from "../failure.ts";
import { type KernelId, kernelKey } from "../id.ts";
import { readTree, type TreeModule } from "../read-tree.ts";
import { kernelDirectory } from "../tree-layout.ts";
import type { Course } from "./course.ts";
import { takeBack } from "./take-back.ts";

/**
 * Before a kernel is removed: takes back everything that is built for it, and removes the directories of its install tree
 * that are left empty (see pruneKernel, to be called after depmod). Goes on after a failure, and returns them all; they
 * have been told.
 */
export async function kernelPrerm(course: Course, kernel: KernelId): Promise<readonly Failure[]> {
  return takeBackAll(course, kernel, modulesFor(course.host, kernel));
}

/** The modules that are built for a kernel. */
export function modulesFor(host: Host, kernel: KernelId): readonly TreeModule[] {
  const isFor = (module: TreeModule) => module.instances.some((one) => kernelKey(one.kernel) === kernelKey(kernel));
  return readTree(host).modules.filter(isFor);
}

/** Takes the builds of these modules for one kernel back. */
export async function takeBackAll(
  course: Course,
  kernel: KernelId,
  modules: readonly TreeModule[],
): Promise<readonly Failure[]> {
  const failures: Failure[] = [];
  for (const { id } of modules) {
    if (course.host.signal.aborted) break;
    failures.push(...(await takeBack(course, { module: id, kernels: [kernel], to: "added" })));
  }
  if (modules.length === 0)
    course.tell({ type: "notice", text: `Nothing to do: no module is built for ${kernelKey(kernel)}.` });
  return failures;
}

/** Removes every empty directory of a kernel's install tree, and the tree itself if nothing is left of it. */
export function pruneKernel({ files, paths }: Host, { release }: KernelId): void {
  pruneEmpty(files, kernelDirectory(paths, release));
}

function pruneEmpty(files: Host["files"], directory: string): void {
  for (const { name, kind } of files.list(directory) ?? [])
    if (kind === "directory") pruneEmpty(files, path.join(directory, name));
  if (files.lstat(directory)?.kind === "directory") files.removeIfEmpty(directory);
}
