import type { DesiredModule, DesiredState, Selector } from "../desired-state/desired-state.ts";
import type { Diagnostic } from "../desired-state/diagnostic.ts";
import type { KernelId, ModuleId } from "../dkms/id.ts";
import type { Kernel } from "../dkms/kernel.ts";
import { type KernelChoice, type Selection, selectKernels } from "./select-kernels.ts";
import { type Miss, unmatchedDiagnostics } from "./unmatched-diagnostics.ts";

/** One entry of the documents, its selectors resolved against the kernels of this host. */
export interface Wanted {
  readonly entry: DesiredModule;
  /** Not for `version: "*"`, which stands for whatever versions are there. */
  readonly id: ModuleId | undefined;
  readonly kernels: readonly KernelId[];
}

/** The kernels of a host, as far as it matters which of them are wanted. */
export interface KernelFacts {
  readonly kernels: readonly Kernel[];
  readonly runningKernel: string | undefined;
  readonly arch: string;
}

/** Narrows a plan to a part of the documents. */
export interface PlanFilter {
  /** `name` or `name/version`; empty: all. */
  readonly modules: readonly { readonly name: string; readonly version: string | undefined }[];
  /** A release: planned for as if it were running, and nothing but it; `undefined`: all. */
  readonly kernel: string | undefined;
  /** Leaves nothing out because it failed before and its next try is not due yet. */
  readonly retry: boolean;
  /** The kernel is being removed: nothing is wanted for it any more, and what there is for it goes. */
  readonly leaving?: boolean;
  /** Whoever has started this makes the initramfs of the kernel right after. */
  readonly leavesInitramfs?: boolean;
  /** Also uninstalls from the running kernel what is loaded. */
  readonly allowInUse?: boolean;
}

export const noFilter: PlanFilter = { modules: [], kernel: undefined, retry: false };

/**
 * Which modules are wanted for which kernels, with an error for `running` where no kernel runs, and a warning for each
 * selector that names nothing here. Pure; the scan uses it to know what to evaluate, the planner to know what to do.
 */
export function resolveWanted(
  desired: DesiredState,
  facts: KernelFacts,
  filter: PlanFilter,
): { readonly wanted: readonly Wanted[]; readonly diagnostics: readonly Diagnostic[] } {
  if (filter.leaving) return { wanted: [], diagnostics: [] };
  const runningKernel = filter.kernel ?? facts.runningKernel;
  const choice: KernelChoice = { candidates: facts.kernels.map(toCandidate), runningKernel };
  const select = selectOnce(choice);
  const misses: Miss[] = [];
  const wanted: Wanted[] = [];
  for (const entry of desired.modules) {
    if (!passes(entry, filter)) continue;
    const id = entry.version === "*" ? undefined : { name: entry.name, version: entry.version };
    if (entry.state === "absent" || entry.state === "added") {
      wanted.push({ entry, id, kernels: [] });
      continue;
    }
    const { releases, unmatched } = select(entry.kernels);
    misses.push(...unmatched.map((selector) => ({ entry, selector })));
    const within = releases.filter((release) => filter.kernel === undefined || release === filter.kernel);
    wanted.push({ entry, id, kernels: within.map((release) => toKernelId(release, facts)) });
  }
  return {
    wanted,
    diagnostics: [
      ...unmatchedDiagnostics(misses, { kernels: facts.kernels, runningKernel }),
      ...versionConflicts(wanted),
    ],
  };
}

/** Most modules name the same kernels, in as many lists. */
function selectOnce(choice: KernelChoice): (selectors: readonly Selector[]) => Selection {
  const known = new Map<string, Selection>();
  return (selectors) => {
    const key = JSON.stringify(selectors);
    const selection = known.get(key) ?? selectKernels(selectors, choice);
    known.set(key, selection);
    return selection;
  };
}

/** Whether a filter lets a module through. A version of `*` stands for any. */
export function passes(module: { name: string; version: string }, { modules }: PlanFilter): boolean {
  if (modules.length === 0) return true;
  return modules.some(
    ({ name, version }) =>
      name === module.name && (version === undefined || module.version === "*" || version === module.version),
  );
}

function toCandidate({ id, isInstalled, headers }: Kernel) {
  return { release: id.release, installed: isInstalled, withHeaders: headers !== undefined };
}

function toKernelId(release: string, { kernels, arch }: KernelFacts): KernelId {
  return kernels.find(({ id }) => id.release === release)?.id ?? { release, arch };
}

/** One installed version of a module per kernel: the active link can name only one. */
function versionConflicts(wanted: readonly Wanted[]): readonly Diagnostic[] {
  const first = new Map<string, DesiredModule>();
  const conflicts: Diagnostic[] = [];
  for (const { entry, kernels } of wanted) {
    if (entry.state !== "installed") continue;
    for (const { release } of kernels) {
      const other = first.get(`${entry.name}@${release}`);
      first.set(`${entry.name}@${release}`, other ?? entry);
      if (other) conflicts.push(versionConflict(entry, other, release));
    }
  }
  return conflicts;
}

function versionConflict(entry: DesiredModule, other: DesiredModule, release: string): Diagnostic {
  return {
    ...entry.places.version,
    severity: "error",
    code: "E_CONFLICT",
    message:
      `Versions ${other.version} (${other.position.file}:${other.position.line}) and ${entry.version} of ` +
      `${entry.name} are both wanted as installed for kernel ${release}; a kernel can have one`,
    hint: "Narrow the kernels of one of them, or set its state to built",
  };
}
