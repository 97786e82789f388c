import type { Failure } from "../failure.ts";
import { type KernelId, kernelKey } from "../id.ts";
import { readTree } from "../read-tree.ts";
import type { Course } from "./course.ts";
import { reachInstalled } from "./reach-level.ts";

export interface MatchRequest {
  readonly template: KernelId;
  readonly target: KernelId;
  /** Only this module; default: every one. */
  readonly name?: string;
  readonly version?: string;
}

/**
 * Installs for one kernel what is installed for another, building it first where need be. Goes on after a failure, and
 * returns them all; they have been told. (dell/dkms 3.2.2 means the same, but takes its own status lines apart wrongly
 * and fails with 2 as soon as there is something to do.)
 */
export async function match(course: Course, request: MatchRequest): Promise<readonly Failure[]> {
  const { template, target, name, version } = request;
  const wanted = readTree(course.host).modules.filter(({ id, instances }) => {
    const isMeant = (name ?? id.name) === id.name && (version ?? id.version) === id.version;
    return isMeant && instances.some((one) => one.active && kernelKey(one.kernel) === kernelKey(template));
  });
  if (wanted.length === 0) {
    const text = `Nothing to do: no ${name ?? "module"} is installed for ${template.release}.`;
    course.tell({ type: "notice", text });
  }
  const failures: Failure[] = [];
  for (const { id } of wanted) {
    if (course.host.signal.aborted) break;
    const result = await reachInstalled(course, { module: id, kernel: target });
    if (!result.ok) failures.push(result.error);
  }
  return failures;
}
