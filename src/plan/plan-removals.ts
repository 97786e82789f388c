import type { ActualState, ModuleState } from "../actual-state/actual-state.ts";
import type { DesiredModule, DesiredState } from "../desired-state/desired-state.ts";
import type { Diagnostic } from "../desired-state/diagnostic.ts";
import { type InstanceAddress, instanceAddress, type ModuleId, type ModuleKey, moduleKey } from "../dkms/id.ts";
import { entryFor } from "./entry.ts";
import type { Judged, JudgedWanted } from "./judge-wanted.ts";
import { type PlanFilter, passes } from "./resolve-wanted.ts";
import type { Reason, StepId } from "./step.ts";
import type { Acting } from "./verdict.ts";

/** What is taken away. */
export interface Removals {
  readonly judged: readonly Judged[];
  /** Modules with a build that must be put back before it can be taken away: its objects may be installed. */
  readonly repairs: readonly ModuleId[];
  readonly modules: readonly {
    readonly id: ModuleId;
    readonly entry: DesiredModule | undefined;
    readonly reason: Reason;
  }[];
  /** Install steps that already uninstall an older version: what follows waits for them. */
  readonly replacedBy: ReadonlyMap<InstanceAddress, StepId>;
  readonly unlisted: readonly ModuleKey[];
  readonly diagnostics: readonly Diagnostic[];
}

interface Given {
  readonly desired: DesiredState;
  readonly actual: ActualState;
  readonly filter: PlanFilter;
  readonly wanted: JudgedWanted;
}

interface Leaving {
  readonly module: ModuleState;
  readonly entry: DesiredModule | undefined;
  readonly reason: Reason;
}

/**
 * What the documents take away: `state: absent` and `added`, and with `unlisted: prune` what no document lists. An
 * older version stays where the version that is to replace it cannot come; nothing is pruned on an incomplete scan.
 *
 * With a kernel that is being removed goes what is there for it, and nothing else: of modules that the documents list, and
 * what this program has built. What dell/dkms has built for itself is left to its own hook.
 */
export function planRemovals(given: Given): Removals {
  const replacedBy = replacements(given.wanted);
  const unlisted = given.actual.modules.filter((module) => !entryFor(given.desired, module.id));
  const leaving = given.filter.leaving ? leavingKernel(given) : leavingModules(given, unlisted);
  const judged: Judged[] = [];
  const modules: { id: ModuleId; entry: DesiredModule | undefined; reason: Reason }[] = [];
  for (const one of leaving) {
    const displaced = one.module.displaced.map((kernel) => ({ kernel, level: "built", problems: [] }) as const);
    const all = [...one.module.instances, ...displaced];
    const going = all.filter((instance) => mayGo(one, instance.kernel, given));
    for (const { kernel, level, problems } of going) {
      const instance = { module: one.module.id, kernel };
      const replaced = replacedBy.has(instanceAddress(instance));
      const isDisplaced = one.module.displaced.includes(kernel);
      const isThere = level === "installed" || isDisplaced || problems.some(({ kind }) => kind === "orphan");
      const uninstall = isThere && !replaced ? { uninstall: one.reason } : {};
      const verdict: Acting = { kind: "act", ...uninstall, unbuild: one.reason, replacesBuild: false, replaces: [] };
      judged.push({ entry: one.entry, instance, verdict, before: level, dependencies: [] });
    }
    const whole = going.length === all.length;
    if (whole && one.entry?.state !== "added" && !given.filter.leaving)
      modules.push({ id: one.module.id, entry: one.entry, reason: one.reason });
  }
  const repairs = leaving.filter(({ module }) => module.displaced.length > 0).map(({ module }) => module.id);
  const diagnostics = notPruned(given, unlisted);
  return { judged, repairs, modules, replacedBy, unlisted: unlisted.map(({ id }) => moduleKey(id)), diagnostics };
}

function replacements({ judged }: JudgedWanted): ReadonlyMap<InstanceAddress, StepId> {
  const pairs = judged.flatMap(({ instance, verdict }) =>
    verdict.replaces.map((version): [InstanceAddress, StepId] => [
      instanceAddress({ module: version, kernel: instance.kernel }),
      `install:${instanceAddress(instance)}`,
    ]),
  );
  return new Map(pairs);
}

function leavingModules({ desired, actual, filter }: Given, unlisted: readonly ModuleState[]): readonly Leaving[] {
  const named = actual.modules.flatMap((module): Leaving[] => {
    const entry = entryFor(desired, module.id);
    if (entry?.state === "absent") {
      return [{ module, entry, reason: { code: "wanted-absent", text: "the document wants it absent" } }];
    }
    if (entry?.state === "added") {
      return [{ module, entry, reason: { code: "wanted-added", text: "it is wanted as added, not built" } }];
    }
    return [];
  });
  const prune = desired.unlisted === "prune" && actual.complete ? unlisted : [];
  const reason: Reason = { code: "unlisted", text: "no document lists it (unlisted: prune)" };
  const pruned = prune.map((module): Leaving => ({ module, entry: undefined, reason }));
  return [...named, ...pruned].filter(({ module }) => passes(module.id, filter));
}

/** The modules of which something goes with its kernel. */
function leavingKernel({ desired, actual, filter }: Given): readonly Leaving[] {
  const isOurs = (module: ModuleState) =>
    entryFor(desired, module.id) !== undefined ||
    module.instances.some(({ kernel, record }) => kernel.release === filter.kernel && record !== undefined);
  return actual.modules
    .filter((module) => passes(module.id, filter) && isOurs(module))
    .map((module) => {
      const reason = { code: "kernel-leaves", text: "its kernel is being removed" } as const;
      return { module, entry: entryFor(desired, module.id), reason };
    });
}

/** Pruning must not take an old version from a kernel for which the new one is wanted and blocked. */
function mayGo(one: Leaving, kernel: { release: string; arch: string }, { filter, wanted }: Given): boolean {
  if (filter.kernel !== undefined && filter.kernel !== kernel.release) return false;
  if (one.entry || filter.leaving) return true;
  return !wanted.blocked.some(({ address }) => {
    const suffix = `@${kernel.release}/${kernel.arch}`;
    return address.startsWith(`${one.module.id.name}/`) && address.endsWith(suffix);
  });
}

function notPruned({ desired, actual, filter }: Given, unlisted: readonly ModuleState[]): readonly Diagnostic[] {
  const [file] = desired.files;
  if (desired.unlisted !== "prune" || filter.leaving || actual.complete || unlisted.length === 0 || !file) return [];
  const place = desired.unlistedPlace ?? { file: file.path };
  const message = `Nothing is pruned: ${actual.findings[0]?.message ?? "the scan was incomplete"}`;
  const hint = "Make it readable, then run again";
  return [{ severity: "warning", code: "W_NOT_PRUNED", message, ...place, hint }];
}
