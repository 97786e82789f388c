import type { DesiredState } from "../desired-state/desired-state.ts";
import type { Diagnostic } from "../desired-state/diagnostic.ts";
import { type InstanceId, kernelKey, type ModuleId, moduleKey } from "../dkms/id.ts";
import { kernelNameOf, loadedName } from "../dkms/loaded-name.ts";
import { entryFor, entryPlace } from "./entry.ts";
import { namesToCome } from "./hand-over-objects.ts";
import type { Step } from "./step.ts";
import type { World } from "./touched.ts";
import { findInstance } from "./verdict.ts";

/**
 * Why a plan of these steps must not be carried out: it would take away a protected module, or uninstall one that is
 * loaded from the running kernel. One error for each module. An upgrade of a loaded module is none: what is loaded stays
 * so until the next boot, and then the new one is there. A kernel that is being removed takes along what is there for it,
 * protected or not: without the kernel it is of no use, and to refuse would keep the package from being removed. Pure.
 */
export function refusals(steps: readonly Step[], given: World): readonly Diagnostic[] {
  if (given.filter.leaving) return [];
  const found = new Map<string, Diagnostic>();
  for (const step of steps) {
    for (const taken of takenAway(step)) {
      const key = `${moduleKey(taken.module)} protected`;
      if (!found.has(key) && isProtected(taken.module, given)) found.set(key, protectedDiagnostic(taken, given));
    }
    const inUse =
      step.kind === "uninstall" && !given.filter.allowInUse ? objectInUse(step.instance, steps, given) : undefined;
    if (inUse === undefined || step.kind !== "uninstall") continue;
    found.set(`${step.address} in use`, inUseDiagnostic(step.instance, inUse, given));
  }
  return [...found.values()];
}

interface TakenAway {
  readonly module: ModuleId;
  /** Completes "this plan would". */
  readonly doing: string;
  /** The version that comes in its place. */
  readonly by?: ModuleId;
}

function takenAway(step: Step): readonly TakenAway[] {
  switch (step.kind) {
    case "uninstall":
    case "unbuild":
      return [{ module: step.instance.module, doing: `${step.kind} it for ${step.instance.kernel.release}` }];
    case "remove":
      return [{ module: step.module, doing: "remove it" }];
    case "install": {
      const doing = `replace it by ${moduleKey(step.instance.module)} for ${step.instance.kernel.release}`;
      return step.replaces.map((module) => ({ module, doing, by: step.instance.module }));
    }
    default:
      return [];
  }
}

/** Where nobody can tell what is protected, everything is. */
function isProtected(module: ModuleId, { desired, actual }: World): boolean {
  const entry = entryOf(module, desired);
  return entry?.protect === true || (actual.protectedModules?.has(moduleKey(module)) ?? true);
}

function entryOf({ name, version }: ModuleId, { modules }: DesiredState): DesiredState["modules"][number] | undefined {
  return modules.find((entry) => entry.name === name && entry.version === version);
}

function protectedDiagnostic({ module, doing, by }: TakenAway, { desired, actual }: World): Diagnostic {
  const key = moduleKey(module);
  const isKnown = actual.protectedModules !== undefined;
  const message = isKnown
    ? `${key} is protected, and this plan would ${doing}`
    : `What is protected cannot be read, so ${key} may be, and this plan would ${doing}`;
  const hint = isKnown
    ? `Keep it in the documents, or lift the protection: dkms-agent unprotect ${key}`
    : "Run it as root, or make the place readable that is named above";
  return { ...placeOf(module, desired, by), severity: "error", code: "E_PROTECTED", message, hint };
}

/** The first object of an instance of the running kernel that is loaded, and that no other module brings in this plan. */
function objectInUse(instance: InstanceId, steps: readonly Step[], { actual }: World): string | undefined {
  const { runningKernel, arch, loaded, modules } = actual;
  if (instance.kernel.release !== runningKernel || instance.kernel.arch !== arch) return undefined;
  const state = findInstance(
    modules.find(({ id }) => moduleKey(id) === moduleKey(instance.module)),
    instance,
  );
  const coming = steps.flatMap((step) =>
    step.kind === "install" && kernelKey(step.instance.kernel) === kernelKey(instance.kernel)
      ? namesToCome(step, actual).map(loadedName)
      : [],
  );
  const names = state?.objects.map(({ file }) => kernelNameOf(file)) ?? [];
  return names.find((name) => loaded.has(name) && !coming.includes(name));
}

function inUseDiagnostic({ module, kernel }: InstanceId, object: string, { desired }: World): Diagnostic {
  const message =
    `${moduleKey(module)} is in use: ${object} is loaded, ` +
    `and this plan would uninstall it for the running kernel ${kernel.release}`;
  const hint = `Unload it first (modprobe -r ${object}), or give --allow-in-use: it then stays loaded until the next boot`;
  return { ...placeOf(module, desired), severity: "error", code: "E_IN_USE", message, hint };
}

/** Where the documents take it away: by its own entry, by the version that they want instead, or by what prunes it. */
function placeOf(module: ModuleId, desired: DesiredState, by?: ModuleId): Pick<Diagnostic, "file" | "range"> {
  const entry = entryFor(desired, module);
  if (entry) return entryPlace(entry);
  const instead = by && entryOf(by, desired);
  return instead?.places.version ?? desired.unlistedPlace ?? { file: desired.paths[0] ?? "" };
}
