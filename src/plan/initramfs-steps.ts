import type { ActualState, InitramfsHindrance } from "../actual-state/actual-state.ts";
import type { Diagnostic } from "../desired-state/diagnostic.ts";
import { type KernelId, kernelKey } from "../dkms/id.ts";
import { type PlanFilter, passes, type Wanted } from "./resolve-wanted.ts";
import type { Reason, Step } from "./step.ts";

/** An initramfs that holds modules, or is to hold them. */
export interface InitramfsNeed {
  readonly kernel: KernelId;
  /** The modules that are wanted in it. */
  readonly names: readonly string[];
  /** These, and what it is known to hold besides. */
  readonly watched: ReadonlySet<string>;
  /** A module that it does not hold as it is installed; `undefined`: it is as it should be. */
  readonly outdated: string | undefined;
  readonly left: boolean;
  /** Where it lies. */
  readonly image: string;
  /** Why it cannot be made. */
  readonly hindrance: InitramfsHindrance | undefined;
  /** Why there is no use in making it, as long as nothing changes in it. */
  readonly declined: InitramfsHindrance | undefined;
}

/**
 * The kernels whose initramfs may have to be made again. One that was never made is none of our business: whoever installs
 * the kernel makes it. Pure.
 */
export function initramfsNeeds(
  wanted: readonly Wanted[],
  actual: ActualState,
  filter: PlanFilter,
): readonly InitramfsNeed[] {
  const { initramfs, kernels } = actual;
  if (!initramfs || filter.leaving) return [];
  const left = filter.leavesInitramfs === true;
  return kernels.flatMap(({ id }): InitramfsNeed[] => {
    const { image, holds, pending } = initramfs.kernels.get(kernelKey(id)) ?? none;
    const isMeant = filter.kernel === undefined || filter.kernel === id.release;
    if (!isMeant || (image === undefined && !left)) return [];
    const names = wanted.flatMap(({ entry, kernels: chosen }) =>
      entry.initramfs && chosen.some((one) => kernelKey(one) === kernelKey(id)) ? [entry.name] : [],
    );
    const held = [...holds.keys()].filter((name) => passes({ name, version: "*" }, filter));
    const watched = new Set([...names, ...held]);
    const isOutdated = (name: string) => !(holds.get(name) ?? !isInstalled(name, id, actual));
    if (watched.size === 0) return [];
    const outdated = [...watched].filter(isOutdated);
    const noted = outdated.every((name) => holds.has(name)) ? pending : undefined;
    const need = { kernel: id, names, watched, left, image: image ?? "" };
    if (left)
      return [{ ...need, outdated: noted ? undefined : outdated[0], hindrance: undefined, declined: undefined }];
    const declined = filter.retry ? undefined : noted?.declined;
    return [{ ...need, outdated: outdated[0], hindrance: initramfs.hindrance, declined }];
  });
}

const none = { image: undefined, holds: new Map<string, boolean>(), pending: undefined };

function isInstalled(name: string, kernel: KernelId, { modules }: ActualState): boolean {
  return modules.some(
    ({ id, instances }) =>
      id.name === name &&
      instances.some((one) => one.level === "installed" && kernelKey(one.kernel) === kernelKey(kernel)),
  );
}

/** What the steps for kernels wait for. */
interface Before {
  readonly instances: readonly Step<"load-tarball" | "build" | "install" | "uninstall" | "unbuild">[];
  readonly depmods: readonly Step<"depmod">[];
}

/** One step for each kernel whose initramfs is outdated, or will be, after its depmod; a warning where none can be made. */
export function initramfsSteps(
  needs: readonly InitramfsNeed[],
  { instances, depmods }: Before,
): { readonly steps: readonly Step<"initramfs">[]; readonly diagnostics: readonly Diagnostic[] } {
  const steps: Step<"initramfs">[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const need of needs) {
    const { kernel, names, left } = need;
    const address = kernelKey(kernel);
    const changing = instances.filter(
      ({ kind, instance }) =>
        (kind === "install" || kind === "uninstall") &&
        need.watched.has(instance.module.name) &&
        kernelKey(instance.kernel) === address,
    );
    const reason = reasonOf(need, changing);
    if (!reason) continue;
    const hindrance = need.hindrance ?? (changing.length === 0 ? need.declined : undefined);
    if (hindrance) {
      diagnostics.push(hindered(need, hindrance));
      continue;
    }
    const theirs = new Set<string>(changing.map((one) => one.address));
    const before = [
      ...instances.filter((one) => theirs.has(one.address)),
      ...depmods.filter((one) => one.address === address),
    ];
    const dependsOn = before.map(({ id }) => id);
    steps.push({ id: `initramfs:${address}`, kind: "initramfs", address, dependsOn, reason, kernel, names, left });
  }
  return { steps, diagnostics };
}

function reasonOf({ outdated }: InitramfsNeed, changing: Before["instances"]): Reason | undefined {
  if (outdated !== undefined) {
    return { code: "initramfs-outdated", text: `it is not known to hold ${outdated} as it is installed` };
  }
  const [first] = changing;
  return first && { code: "kernel-changed", text: `what is installed of ${first.instance.module.name} changes` };
}

function hindered({ kernel, image }: InitramfsNeed, { text, remedy }: InitramfsHindrance): Diagnostic {
  const message = `The initramfs of ${kernel.release} is not made again: ${text}`;
  return { severity: "warning", code: "W_INITRAMFS", message, file: image, hint: remedy };
}
