import type { ActualState, InstanceState, ModuleState } from "../actual-state/actual-state.ts";
import type { Selector } from "../desired-state/desired-state.ts";
import { instanceAddress, type ModuleId, moduleKey, parseInstanceAddress, parseModuleKey } from "../dkms/id.ts";
import type { Plan } from "./plan.ts";
import { type PlanFilter, passes } from "./resolve-wanted.ts";
import { type KernelChoice, selectKernels } from "./select-kernels.ts";

/** What a document could say about one module of a host. */
export interface DraftEntry {
  readonly id: ModuleId;
  readonly state: "installed" | "built" | "added";
  /** In the order of the scan. */
  readonly releases: readonly string[];
  readonly directives: Readonly<Record<string, string>>;
  readonly isProtected: boolean;
  /** What the entry does not say, or why it is left out. One sentence each, without its full stop. */
  readonly remarks: readonly string[];
  /** It cannot be said so that nothing remains to do, or not at all. */
  readonly isLeftOut: boolean;
}

/**
 * One entry for each module/version of the DKMS tree: wanted as far as it has come. A module that is installed for some
 * kernels and only built for others is wanted as installed for the former; the others stay as they are. Pure.
 */
export function draftDesired(actual: ActualState, filter: PlanFilter): readonly DraftEntry[] {
  return actual.modules.filter(({ id }) => passes(id, filter)).flatMap((module) => draftEntry(module, actual, filter));
}

function draftEntry({ id, instances }: ModuleState, actual: ActualState, filter: PlanFilter): readonly DraftEntry[] {
  const meant = instances.filter(({ kernel }) => filter.kernel === undefined || filter.kernel === kernel.release);
  if (filter.kernel !== undefined && meant.length === 0) return [];
  const isProtected = actual.protectedModules?.has(moduleKey(id)) ?? false;
  const common = { id, directives: {}, isProtected, remarks: [], isLeftOut: false };
  if (meant.length === 0) return [{ ...common, state: "added", releases: [] }];
  const foreign = meant.filter((one) => !isNameable(one, actual));
  const usable = meant.filter((one) => isNameable(one, actual));
  const top = (usable.length > 0 ? usable : foreign).some(({ level }) => level === "installed") ? "installed" : "built";
  const chosen = (usable.length > 0 ? usable : foreign).filter(({ level }) => level === top);
  const others = usable.filter(({ level }) => level !== top);
  const [recorded] = chosen.flatMap(({ record }) => (record?.directives ? [record.directives] : []));
  return [
    {
      ...common,
      state: top,
      releases: chosen.map(({ kernel }) => kernel.release),
      directives: recorded ?? {},
      remarks: [
        ...foreign.map(foreignRemark),
        ...(others.length > 0 ? [otherRemark(others)] : []),
        ...chosen.flatMap(tarballRemark),
      ],
      isLeftOut: usable.length === 0,
    },
  ];
}

/** A document names releases; the architecture is the kernel's own, or the machine's for one that is gone. */
function isNameable({ kernel }: InstanceState, { kernels, arch }: ActualState): boolean {
  return (kernels.find(({ id }) => id.release === kernel.release)?.id.arch ?? arch) === kernel.arch;
}

function foreignRemark({ kernel, level }: InstanceState): string {
  return `${level} for ${kernel.release}/${kernel.arch}: a document cannot name another architecture`;
}

/** Where the archive lies now, nobody has written down. */
function tarballRemark({ kernel, record }: InstanceState): readonly string[] {
  if (!record?.tarball) return [];
  return [`loaded from an archive for ${kernel.release}, which is not named here: sha256 ${record.tarball.sha256}`];
}

function otherRemark(others: readonly InstanceState[]): string {
  return `built, but not installed, for ${others.map(({ kernel }) => kernel.release).join(", ")}: stays as it is`;
}

/** A draft that a plan, made with it, leaves less to object to. */
export interface Narrowed {
  readonly entries: readonly DraftEntry[];
  /** What is to be done whatever the documents say; one sentence each, without its full stop. */
  readonly unavoidable: readonly string[];
}

/**
 * Leaves out of a draft what a plan would do something about, or could not reach: a kernel of an entry, or the entry.
 * What only follows from the rest is asked again when the rest is gone. The same entries: nothing can be left out. Pure.
 */
export function narrowDraft(entries: readonly DraftEntry[], plan: Plan): Narrowed {
  const all = objectionsOf(plan);
  const first = all.filter(({ isSecondary }) => !isSecondary);
  const objections = first.some((one) => entries.some((entry) => concerns(one, entry))) ? first : all;
  const unavoidable = all.filter((one) => !entries.some((entry) => concerns(one, entry)));
  return {
    entries: entries.map((entry) => objections.reduce(applyObjection, entry)),
    unavoidable: unavoidable.map(({ address, text }) => `${address}: ${text}`),
  };
}

interface Objection {
  readonly address: string;
  readonly text: string;
  /** Follows from what becomes of a dependency. */
  readonly isSecondary: boolean;
}

function objectionsOf({ changes, blocked }: Plan): readonly Objection[] {
  return [
    ...changes.map(({ address, actions, reason }) => ({
      address,
      text: `apply would ${actions.join(", ")}, since ${reason.text}`,
      isSecondary: reason.code === "dependency-changed",
    })),
    ...blocked.map(({ address, reason, text }) => ({
      address,
      text: `apply could not keep it, since ${text}`,
      isSecondary: reason === "missing-dependency",
    })),
  ];
}

function concerns({ address }: Objection, { id, isLeftOut }: DraftEntry): boolean {
  if (isLeftOut) return false;
  const module = parseInstanceAddress(address)?.module ?? parseModuleKey(address);
  return module ? moduleKey(module) === moduleKey(id) : address === id.name;
}

function applyObjection(entry: DraftEntry, objection: Objection): DraftEntry {
  if (!concerns(objection, entry)) return entry;
  const instance = parseInstanceAddress(objection.address);
  const releases = entry.releases.filter((release) => release !== instance?.kernel.release);
  if (instance && releases.length > 0) {
    const remark = `${entry.state} for ${instance.kernel.release}, and not listed: ${objection.text}`;
    return { ...entry, releases, remarks: [...entry.remarks, remark] };
  }
  return leaveOut(entry, objection.text);
}

/** The entry, to be shown with a reason and not to count. */
export function leaveOut(entry: DraftEntry, reason: string): DraftEntry {
  return { ...entry, isLeftOut: true, remarks: [...entry.remarks, `left out: ${reason}`] };
}

/**
 * How a document names the kernels of an entry. A module that DKMS installs for new kernels by itself (AUTOINSTALL) and
 * that has all of them goes on to have them; any other names each release. Pure.
 */
export function draftSelectors({ id, state, releases }: DraftEntry, actual: ActualState): readonly string[] {
  const follows = releases.some((release) => {
    const kernel = actual.kernels.find((one) => one.id.release === release);
    const conf = kernel && actual.prospects.get(instanceAddress({ module: id, kernel: kernel.id }))?.conf;
    return conf?.ok && conf.value.autoinstall;
  });
  if (state !== "installed" || !follows) return releases;
  const choice: KernelChoice = {
    runningKernel: actual.runningKernel,
    candidates: actual.kernels.map(({ id: { release }, isInstalled, headers }) => {
      return { release, installed: isInstalled, withHeaders: headers !== undefined };
    }),
  };
  return wordLists.find((words) => choosesExactly(words, releases, choice)) ?? releases;
}

const wordLists = [["installed"], ["running", "newest"]] as const satisfies readonly (readonly Selector["kind"][])[];

function choosesExactly(words: (typeof wordLists)[number], releases: readonly string[], choice: KernelChoice): boolean {
  const { releases: chosen, unmatched } = selectKernels(
    words.map((kind) => ({ kind })),
    choice,
  );
  return unmatched.length === 0 && chosen.length === releases.length && chosen.every((one) => releases.includes(one));
}
