import type { BuildInputs, BuildRecord } from "../dkms/build-record.ts";
import type { DkmsConf } from "../dkms/conf/dkms-conf.ts";
import type { Failure, FailureCode, Result } from "../dkms/failure.ts";
import type { RememberedFailure } from "../dkms/failure-memory.ts";
import type { Strays } from "../dkms/find-strays.ts";
import type { InstanceAddress, KernelId, KernelKey, ModuleId, ModuleKey } from "../dkms/id.ts";
import type { Kernel } from "../dkms/kernel.ts";
import type { KnownEvaluations } from "../dkms/known-evaluations.ts";
import type { Wishes } from "../dkms/last-applied.ts";
import type { LoadedObjects } from "../dkms/read-loaded.ts";
import type { SigningSettings } from "../dkms/signing/signing.ts";
import type { StillLoaded } from "../dkms/still-loaded.ts";
import type { TarballIndex } from "../dkms/tarball/tarball.ts";
import type { ArchiveLimits } from "../host/archive/archive-limits.ts";

/** What is there: plain values, read once, never written to. */
export interface ActualState {
  readonly kernels: readonly Kernel[];
  readonly runningKernel: string | undefined;
  /** `uname -m`: the architecture of kernels that are wanted by name and not there. */
  readonly arch: string;
  /** What is loaded into the running kernel; nothing under another root, where no kernel runs. */
  readonly loaded: LoadedObjects;
  /** What was taken away from the running kernel while it was loaded; it need not be loaded any more. */
  readonly stillLoaded: StillLoaded;
  /** Modules that no plan may take away, remembered beyond their entry; `undefined` if that cannot be read. */
  readonly protectedModules: ReadonlySet<ModuleKey> | undefined;
  /** What earlier runs were asked for, and came to; `undefined` if there was none, or nobody can tell. */
  readonly lastApplied: Wishes | undefined;
  /** Kernels whose objects were changed by a run that did not come to depmod. */
  readonly depmodOwed: readonly KernelId[];
  /** Of what is installed in kernels with a modules.dep: an object that is not in there. */
  readonly depmodBehind: ReadonlyMap<InstanceAddress, string>;
  /** Where somebody asks for it: what is known of the kernels' initramfs. */
  readonly initramfs: InitramfsState | undefined;
  /** Every module/version of the DKMS tree. */
  readonly modules: readonly ModuleState[];
  /** What killed runs left of packages in the trees, also of packages that have no version any more; by name. */
  readonly strays: readonly Strays[];
  /** For each module of the request: its source, in the source tree and where the document says. */
  readonly sources: ReadonlyMap<ModuleKey, SourceState>;
  /** For each instance that the request names: what its dkms.conf says and what a build would be made from now. */
  readonly prospects: ReadonlyMap<InstanceAddress, Prospect>;
  /**
   * For each module of which something wanted is not loaded from its archives yet: what each of those holds, in the order
   * of the document. The others' archives are not looked at.
   */
  readonly tarballs: ReadonlyMap<ModuleKey, readonly TarballState[]>;
  /** What could not be read. */
  readonly findings: readonly Finding[];
  /** Nothing in the DKMS tree or the install trees was unreadable; only then may anything be pruned. */
  readonly complete: boolean;
}

export interface InitramfsState {
  /** Why none can be made again here, one sentence and what to do about it; `undefined`: it can. */
  readonly hindrance: InitramfsHindrance | undefined;
  readonly kernels: ReadonlyMap<KernelKey, KernelInitramfs>;
}

export interface PendingMake {
  /** Its maker was called, and has left it as it was; `undefined`: it was left to somebody else. */
  readonly declined: InitramfsHindrance | undefined;
}

export interface InitramfsHindrance {
  readonly text: string;
  readonly remedy: string;
}

export interface KernelInitramfs {
  /** Where it is; `undefined` if there is none. */
  readonly image: string | undefined;
  /** By the name of each module that it is known to hold, or to have held: whether it holds it as it is installed. */
  readonly holds: ReadonlyMap<string, boolean>;
  /** Not made yet; once it is, it holds these modules as they are installed. */
  readonly pending: PendingMake | undefined;
}

export interface ModuleState {
  readonly id: ModuleId;
  /** `linked`: the source link leads to a directory. Otherwise the module is broken, and how. */
  readonly link: "linked" | "dangling" | "missing";
  readonly instances: readonly InstanceState[];
  /** Kernels whose build a killed run moved aside and never replaced; it is among the leftovers, and can be put back. */
  readonly displaced: readonly KernelId[];
  /** Staging directories, backups and build directories that a killed run left of this version: absolute paths. */
  readonly leftovers: readonly string[];
}

export interface InstanceState {
  readonly kernel: KernelId;
  readonly level: "built" | "installed";
  readonly objects: readonly ObjectState[];
  readonly record: BuildRecord | undefined;
  readonly problems: readonly Problem[];
  /** Objects that DKMS replaced are kept in original_module. */
  readonly originalsSaved: boolean;
}

export interface ObjectState {
  /** File name below module/, e.g. `ddcci.ko.xz`. */
  readonly file: string;
  readonly sha256: string;
  /** Where it is, or was, installed: absolute path; `undefined` while not installed. */
  readonly installed: { readonly path: string; readonly sha256: string } | undefined;
}

/** What is wrong with an instance that is there. */
export interface Problem {
  readonly kind: ProblemKind;
  /** One sentence, naming the file. */
  readonly message: string;
  readonly path: string;
}

export type ProblemKind =
  /** module/ lacks an object that dkms.conf or the build record names. */
  | "object-missing"
  /** The active link is there, the object in the install tree is not. */
  | "installed-missing"
  /** Something of the module in the install tree is not of the build: another content, an earlier build, another version. */
  | "installed-differs"
  /** The object says that it is for another kernel. */
  | "wrong-vermagic"
  /**
   * An object with the content of a build lies in the install tree although no version is installed: uninstall removes
   * it.
   */
  | "orphan"
  | "unreadable";

export interface SourceState {
  readonly id: ModuleId;
  /** `<source tree>/<name>-<version>`; `undefined` if it is not there or cannot be read. */
  readonly inTree: SourceDirectory | undefined;
  /** The directory that the document names; `undefined` if it names none, or one that cannot be used. */
  readonly given: SourceDirectory | undefined;
  /** Why there is nothing to build from: of the directory that is named, else of the one in the source tree. */
  readonly problem: SourceProblem | undefined;
}

export interface SourceDirectory {
  readonly directory: string;
  readonly digest: string;
  /** It holds nothing but dkms.conf, as on hosts that got the module from an archive of binaries. */
  readonly confOnly: boolean;
  /** SHA-256 of the archive that brought it; `undefined`: it came some other way. */
  readonly tarball: string | undefined;
}

export interface SourceProblem {
  readonly text: string;
  readonly remedy: string;
}

/** An archive that a document lists. */
export interface TarballState {
  readonly path: string;
  /** As the document says. */
  readonly sha256: string;
  readonly found: Result<TarballIndex, TarballProblem>;
}

export interface TarballProblem {
  /** `untrusted`: it is not what the document says, or not to be trusted; nothing of its module is done then. */
  readonly kind: "unreachable" | "untrusted";
  /** What loading it would fail with. */
  readonly code: FailureCode;
  readonly text: string;
  readonly remedy: string;
}

/** What would happen if an instance were built now. */
export interface Prospect {
  readonly conf: Result<DkmsConf, Failure>;
  /** Why dkms.conf excludes this kernel, one sentence; `undefined` if it does not. */
  readonly exclusion: string | undefined;
  /** What a build would be made from; dependencies are filled in by the planner's graph. */
  readonly inputs: BuildInputs | undefined;
  /** SHA-256 of the certificate by whose key objects have to be signed; `undefined`: they need not be. */
  readonly signer: string | undefined;
  /** Programs that a build needs and this host lacks. */
  readonly missingTools: readonly string[];
  /** The same build failed before, and its next try is not due yet. */
  readonly failedBefore: RememberedFailure | undefined;
}

/** Something that could not be read: never a crash, and it never hides the rest. */
export interface Finding {
  readonly code: "E_IO" | "E_PERMISSION" | "E_NOT_A_DIRECTORY" | "E_BAD_NAME" | "E_BAD_RECORD";
  readonly path: string;
  readonly message: string;
}

/** What to look at beyond the trees themselves. Plain values: the scan does not know where they come from. */
export interface ScanRequest {
  /** Modules that somebody wants, with the directory that they are to be copied from. */
  readonly sources: readonly { readonly module: ModuleId; readonly directory: string | undefined }[];
  /** What the settings say of signing; default: it is not required. */
  readonly signing?: SigningSettings;
  /** Some module is wanted in the initramfs. */
  readonly initramfs?: boolean;
  /** Also what failed before is to be tried again now. */
  readonly retry?: boolean;
  /** Which instances to evaluate, once the kernels are known. */
  readonly prospects: (kernels: readonly Kernel[]) => readonly ProspectRequest[];
  /** Default: none. */
  readonly tarballs?: readonly TarballRequest[];
  /** What is known of dkms.conf files that need bash. Default: nothing. */
  readonly evaluations?: KnownEvaluations;
  /** Default: what somebody other than root may change is not read by root, and the usual limits. */
  readonly archives?: ArchivePolicy;
}

/** Which archives are read. */
export interface ArchivePolicy {
  /** Also those that somebody other than root may change. */
  readonly allowInsecureFiles: boolean;
  readonly limits: ArchiveLimits;
}

/** The archives that a document lists for a module. */
export interface TarballRequest {
  readonly module: ModuleId;
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  /** The module is wanted as added: its source may have to come from one of them. */
  readonly forSource: boolean;
}

export interface ProspectRequest {
  readonly module: ModuleId;
  readonly kernel: KernelId;
  readonly directives: Readonly<Record<string, string>>;
}
