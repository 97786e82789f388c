import type { Address, InstanceId, KernelId, ModuleId } from "../dkms/id.ts";

/**
 * What each kind of step needs to know. The union of steps and the table of executors both follow from this one list,
 * so a kind without an executor does not compile. Never a command: a saved plan must not be able to smuggle one in.
 */
export interface StepArguments {
  /**
   * Copy the source to the source tree if the document names one, or unpack it there from an archive (its dkms.conf, if
   * that is all there is), and link it into the DKMS tree.
   */
  readonly add: {
    readonly module: ModuleId;
    readonly source: string | undefined;
    readonly tarball: TarballFile | undefined;
  };
  /** Put an archive's binary for one kernel in the place of a build. */
  readonly "load-tarball": {
    readonly instance: InstanceId;
    readonly tarball: TarballFile;
    /** Load beside an existing build and swap it in when it is complete. */
    readonly replace: boolean;
  };
  /** Clear what killed runs left of a package, whatever the version. */
  readonly sweep: { readonly name: string };
  /** Mend a broken source link, clear what a killed run left of this version. */
  readonly repair: { readonly module: ModuleId };
  readonly build: {
    readonly instance: InstanceId;
    readonly directives: Readonly<Record<string, string>>;
    readonly timeoutMs: number | undefined;
    /** Build beside an existing build and swap it in when it is complete. */
    readonly replace: boolean;
  };
  readonly install: {
    readonly instance: InstanceId;
    readonly directives: Readonly<Record<string, string>>;
    /** Versions of the same module that are uninstalled in the same step. */
    readonly replaces: readonly ModuleId[];
  };
  readonly uninstall: { readonly instance: InstanceId };
  readonly unbuild: { readonly instance: InstanceId };
  readonly remove: { readonly module: ModuleId };
  readonly depmod: { readonly kernel: KernelId };
  /** Make a kernel's initramfs again, in which these modules are wanted. */
  readonly initramfs: {
    readonly kernel: KernelId;
    readonly names: readonly string[];
    /** Whoever has started this run makes it next: only what it will hold is noted. */
    readonly left: boolean;
  };
}

/** An archive and what it must be: what has another digest is not unpacked. */
export interface TarballFile {
  readonly path: string;
  readonly sha256: string;
}

export type StepKind = keyof StepArguments;

/** Whether a step of this kind is done for a kernel as a whole, after what is done to its instances. */
export function isOfKernel(kind: StepKind): kind is "depmod" | "initramfs" {
  return kind === "depmod" || kind === "initramfs";
}

/** `kind:address`, unique in a plan and stable between plans. */
export type StepId = `${StepKind}:${string}`;

interface StepCommon<K extends StepKind> {
  readonly id: StepId;
  readonly kind: K;
  readonly address: Address;
  /** Steps that must have succeeded before. */
  readonly dependsOn: readonly StepId[];
  readonly reason: Reason;
}

/** A step of the given kinds; of any kind by default. Distributes, so `kind` tells the arguments. */
export type Step<Kinds extends StepKind = StepKind> = {
  [K in Kinds]: StepCommon<K> & StepArguments[K];
}[Kinds];

/** Why something is done: a code for machines and one sentence for people. */
export interface Reason {
  readonly code: ReasonCode;
  readonly text: string;
}

export type ReasonCode =
  | "not-added"
  | "not-built"
  | "not-installed"
  | "source-changed"
  | "conf-changed"
  | "headers-changed"
  | "compiler-changed"
  | "signer-changed"
  | "dependency-changed"
  | "tarball-changed"
  | "tarball-preferred"
  | "tarball-unlisted"
  | "wrong-vermagic"
  | "object-missing"
  | "installed-missing"
  | "installed-differs"
  | "orphan"
  | "other-version"
  | "wanted-built"
  | "wanted-added"
  | "wanted-absent"
  | "unlisted"
  | "kernel-leaves"
  | "broken"
  | "leftovers"
  | "kernel-changed"
  | "depmod-owed"
  | "depmod-behind"
  | "initramfs-outdated";

/** Why what a killed run has left in a place is cleared. */
export function leftoversReason(place: string | undefined): Reason {
  return { code: "leftovers", text: `a run that was killed left ${place} behind` };
}
