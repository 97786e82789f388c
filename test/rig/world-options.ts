import type { ModuleState, PendingMake, ProblemKind, TarballProblem } from "../../src/actual-state/actual-state.ts";
import type { BuildInputs } from "../../src/dkms/build-record.ts";
import type { RememberedFailure } from "../../src/dkms/failure-memory.ts";
import type { Wishes } from "../../src/dkms/last-applied.ts";

/** What a test says of a world; what it does not say has a default. */
export interface WorldOptions {
  readonly kernels?: readonly (string | KernelOptions)[];
  /** `name/version` -> what is there. */
  readonly modules?: Readonly<Record<string, ModuleOptions>>;
  /** `name/version` -> digest of what lies in the source tree. Default: `source-1` for every module that is named. */
  readonly sources?: Readonly<Record<string, SourceOptions>>;
  /** `name/version@release` or `name/version` -> what dkms.conf says. */
  readonly confs?: Readonly<Record<string, ConfOptions>>;
  /** `name/version` -> the archives that were looked into, in their order. */
  readonly tarballs?: Readonly<Record<string, readonly TarballOptions[]>>;
  /** Names of packages of which killed runs have left something. */
  readonly strays?: readonly string[];
  readonly depmodOwed?: readonly string[];
  /** `name/version@release` -> the object that modules.dep does not name. */
  readonly depmodBehind?: Readonly<Record<string, string>>;
  /** Release -> what its initramfs is known to hold, by name: whether as it is installed; `none`: there is no image. */
  readonly initramfs?: Readonly<Record<string, Readonly<Record<string, boolean>> | "none">> | undefined;
  /** Release -> that it is not made yet. */
  readonly initramfsPending?: Readonly<Record<string, PendingMake>>;
  /** Why no initramfs can be made. */
  readonly initramfsHindrance?: string;
  /** `name/version` of each. */
  readonly protectedModules?: readonly string[] | "unknown";
  readonly lastApplied?: Wishes | undefined;
  /** Names of kernel objects that are loaded. */
  readonly loaded?: readonly string[];
  /** Name of a kernel object that was taken away while it was loaded -> the module that it was of. */
  readonly stillLoaded?: Readonly<Record<string, string>>;
  readonly complete?: boolean;
  readonly missingTools?: readonly string[];
  /** By whose key objects have to be signed; `undefined`: they need not be. */
  readonly signer?: string | undefined;
  /** `name/version@release` -> the failure whose next try is not due yet. */
  readonly failedBefore?: Readonly<Record<string, RememberedFailure>>;
  readonly runningKernel?: string | undefined;
}

export interface KernelOptions {
  readonly release: string;
  readonly headers?: string | undefined;
  readonly hasModulesDep?: boolean;
}

export interface ModuleOptions {
  readonly link?: ModuleState["link"];
  readonly leftovers?: readonly string[];
  /** Releases whose build was moved aside. */
  readonly displaced?: readonly string[];
  /** release -> the instance for that kernel. */
  readonly instances?: Readonly<Record<string, InstanceOptions>>;
}

export interface InstanceOptions {
  readonly level: "built" | "installed";
  /** What it was built from; `none`: dell/dkms built it. Default: what it would be built from now. */
  readonly inputs?: Partial<BuildInputs> | "none";
  /** The archive that it was loaded from. */
  readonly tarball?: string | undefined;
  /** By whose key it is signed; default: it is not. */
  readonly signer?: string | undefined;
  readonly problems?: readonly ProblemKind[];
}

/** An archive `/srv/<sha256>.tar.gz`. */
export interface TarballOptions {
  readonly sha256: string;
  /** Releases that it holds a binary for. */
  readonly kernels?: readonly string[];
  readonly hasSource?: boolean;
  /** Nothing of it is known. */
  readonly problem?: TarballProblem["kind"];
  readonly code?: TarballProblem["code"];
}

export interface SourceOptions {
  readonly inTree?: string | undefined;
  /** The archive that brought it. */
  readonly tarball?: string;
  readonly confOnly?: boolean;
  readonly given?: string | undefined;
}

export interface ConfOptions {
  readonly buildDepends?: readonly string[];
  /** Object names; default: the module's name. */
  readonly objects?: readonly string[];
  readonly exclusion?: string;
  readonly invalid?: string;
}
