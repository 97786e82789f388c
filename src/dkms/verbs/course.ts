import type { Host } from "../../host/host.ts";
import { type KnownConfs, noKnownConfs } from "../conf/load-conf.ts";
import type { Overrides } from "../conf/overrides.ts";
import type { EnginePolicy } from "../engine-policy.ts";
import type { Failure, Result } from "../failure.ts";
import { instanceAddress, type KernelId, type KernelKey, kernelKey, type ModuleId } from "../id.ts";
import { depmod } from "./depmod.ts";
import type { Done, Undo } from "./verb.ts";

/** What a command line does: verbs one after the other, and depmod at the end, once for each kernel that was changed. */
export interface Course {
  readonly host: Host;
  readonly options: CourseOptions;
  readonly tell: (event: CourseEvent) => void;
  /** Kernels whose install tree was changed, and what goes back if depmod fails there. */
  readonly changed: Map<KernelKey, ChangedKernel>;
  /** What dkms.conf files say. */
  readonly confs: KnownConfs;
}

export interface CourseOptions extends Overrides {
  readonly force?: boolean;
  /** Installs over newer objects of the kernel's own. */
  readonly forceVersion?: boolean;
  readonly jobs?: number;
  /** Leaves depmod to somebody else; it stays noted as owed. */
  readonly noDepmod?: boolean;
  readonly policy?: EnginePolicy;
}

export interface ChangedKernel {
  readonly kernel: KernelId;
  readonly undos: Undo[];
  /** What was installed for it, and not taken out. */
  readonly installed: ModuleId[];
}

export type Action = "add" | "build" | "install" | "uninstall" | "unbuild" | "remove" | "depmod" | "load" | "pack";

/** What happens, as it happens; `what` is a module, an instance or a kernel. */
export type CourseEvent =
  | { readonly type: "start"; readonly action: Action; readonly what: string }
  /** What was begun, named by an archive, turns out to be about these: a module, or instances of one. */
  | { readonly type: "found"; readonly what: string; readonly addresses: readonly string[] }
  | { readonly type: "done"; readonly action: Action; readonly what: string; readonly changed: boolean }
  /** What was done is taken back, since depmod failed. */
  | { readonly type: "undone"; readonly action: Action; readonly what: string }
  | { readonly type: "notice"; readonly text: string }
  /** Of what takes long: so many bytes of so many. */
  | { readonly type: "progress"; readonly what: string; readonly done: number; readonly total: number }
  | { readonly type: "failure"; readonly failure: Failure };

/** A course on which nothing has been done yet. */
export function startCourse(host: Host, options: CourseOptions, tell: Course["tell"]): Course {
  return { host, options, tell, changed: new Map(), confs: options.known ?? noKnownConfs() };
}

/** Does one verb, and tells of it. What it could take back stays with the caller. */
export async function carryOut<D extends Done>(
  { tell }: Course,
  { action, what }: { readonly action: Action; readonly what: string },
  verb: () => Promise<Result<D>>,
): Promise<Result<D>> {
  tell({ type: "start", action, what });
  const result = await verb();
  if (!result.ok) {
    tell({ type: "failure", failure: result.error });
    return result;
  }
  for (const text of result.value.notices) tell({ type: "notice", text });
  tell({ type: "done", action, what, changed: result.value.changed });
  return result;
}

/** Remembers that a kernel's install tree was changed. */
export function noteChange({ changed }: Course, kernel: KernelId, installed?: InstalledModule): void {
  const entry = changed.get(kernelKey(kernel)) ?? { kernel, undos: [], installed: [] };
  if (installed) {
    entry.undos.push(installed.undo);
    entry.installed.push(installed.module);
  }
  changed.set(kernelKey(kernel), entry);
}

export interface InstalledModule {
  readonly module: ModuleId;
  readonly undo: Undo;
}

/**
 * Runs depmod for every kernel that was changed. Where it fails, what was installed for that kernel is taken back, and
 * depmod tries once more, so that what is loadable is what is there. Returns the failures, which have been told; the
 * kernels where it failed are no longer among the changed ones.
 */
export async function endCourse(course: Course): Promise<readonly Failure[]> {
  const { host, options, changed } = course;
  const failures: Failure[] = [];
  for (const [key, { kernel, undos, installed }] of changed) {
    if (options.noDepmod) {
      commitAll(undos);
      continue;
    }
    const result = await carryOut(course, { action: "depmod", what: kernelKey(kernel) }, () => depmod(host, kernel));
    if (result.ok) {
      commitAll(undos);
      continue;
    }
    failures.push(result.error);
    for (const undo of undos.reverse()) undo.restore();
    for (const undo of undos)
      for (const text of (await undo.afterRestore?.()) ?? []) course.tell({ type: "notice", text });
    for (const module of installed.reverse())
      course.tell({ type: "undone", action: "install", what: instanceAddress({ module, kernel }) });
    if (undos.length > 0) await depmod(host, kernel);
    changed.delete(key);
  }
  return failures;
}

function commitAll(undos: readonly Undo[]): void {
  for (const undo of undos) undo.commit();
}
