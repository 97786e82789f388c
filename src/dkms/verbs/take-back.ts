import type { Host } from "../../host/host.ts";
import { type Failure, type Result, succeed } from "../failure.ts";
import { type InstanceId, instanceAddress, type KernelId, type ModuleId, moduleKey } from "../id.ts";
import { kernelDirectory } from "../tree-layout.ts";
import { type Course, carryOut, noteChange } from "./course.ts";
import { remove } from "./remove.ts";
import { builtKernels, requireSource } from "./tree-checks.ts";
import { unbuild } from "./unbuild.ts";
import { uninstall } from "./uninstall.ts";

/**
 * The way down: each verb takes the steps before it by itself, unbuild uninstalls, remove unbuilds. What is taken back is
 * committed at once. A module that is broken is refused: E_NOT_IN_TREE (3), E_BROKEN_MODULE (4).
 */

export interface TakeBackRequest {
  readonly module: ModuleId;
  readonly kernels: readonly KernelId[];
  readonly to: "built" | "added" | "absent";
}

/**
 * Takes a module's instances back to a level; `absent` drops the module when no build of it is left for any kernel.
 * Goes on after a failure, and returns them all; they have been told.
 */
export async function takeBack(course: Course, request: TakeBackRequest): Promise<readonly Failure[]> {
  const { module, kernels, to } = request;
  const source = requireSource(course.host, module);
  if (!source.ok) return [refuse(course, source.error)];
  const failures: Failure[] = [];
  for (const kernel of kernels) {
    const failure = await takeBackInstance(course, { module, kernel }, to);
    if (failure) failures.push(failure);
  }
  if (to !== "absent" || failures.length > 0 || builtKernels(course.host, module).length > 0) return failures;
  const dropped = await commit(course, "remove", moduleKey(module), () => remove(course.host, { module }));
  return dropped.ok ? [] : [dropped.error];
}

/** Uninstalls an instance and, unless it shall stay built, unbuilds it. */
async function takeBackInstance(
  course: Course,
  instance: InstanceId,
  to: TakeBackRequest["to"],
): Promise<Failure | undefined> {
  const { host, options } = course;
  const address = instanceAddress(instance);
  const out = await commit(course, "uninstall", address, () => uninstall(host, instance, options));
  if (!out.ok) return out.error;
  if (out.value && isKernelThere(host, instance.kernel)) noteChange(course, instance.kernel);
  if (to === "built") return undefined;
  const gone = await commit(course, "unbuild", address, () => unbuild(host, instance));
  return gone.ok ? undefined : gone.error;
}

/** Whether it changed anything. */
async function commit(
  course: Course,
  action: "uninstall" | "unbuild" | "remove",
  what: string,
  verb: () => ReturnType<typeof remove>,
): Promise<Result<boolean>> {
  const result = await carryOut(course, { action, what }, verb);
  if (!result.ok) return result;
  result.value.undo.commit();
  return succeed(result.value.changed);
}

function isKernelThere({ files, paths }: Host, { release }: KernelId): boolean {
  return files.stat(kernelDirectory(paths, release)) !== undefined;
}

function refuse({ tell }: Course, failure: Failure): Failure {
  tell({ type: "failure", failure });
  return failure;
}
