/** What a dkms.conf says for one kernel, checked, with every default filled in and every release pattern tried. */
export interface DkmsConf {
  readonly packageName: string;
  readonly packageVersion: string;
  readonly objects: readonly ObjectSpec[];
  /** The make command for this kernel, as written; `undefined`: DKMS's own default (make-command.ts). */
  readonly make: string | undefined;
  /** Files below patches/ that apply to this kernel, in the order in which they are applied. */
  readonly patches: readonly string[];
  readonly scripts: Scripts;
  readonly buildDepends: readonly string[];
  readonly buildDependsRebuild: boolean;
  readonly exclusive: Exclusive;
  readonly obsoleteBy: string | undefined;
  readonly autoinstall: boolean;
  readonly noWeakModules: boolean;
  /** Deprecated or doubtful things in the file, one sentence each. */
  readonly notices: readonly string[];
}

/** One kernel object that the module builds. */
export interface ObjectSpec {
  /** Without `.ko`. */
  readonly builtName: string;
  /** Below the build directory: empty, or ending in a slash. */
  readonly builtLocation: string;
  /** Without `.ko`. */
  readonly destName: string;
  /** As written, beginning with /kernel, /updates or /extra; the distribution may send it elsewhere (destination.ts). */
  readonly destLocation: string;
  readonly strip: boolean;
}

/** Script lines, as written: a path below the source (or build) directory, perhaps with arguments. */
export interface Scripts {
  readonly postAdd?: string;
  readonly preBuild?: string;
  readonly postBuild?: string;
  readonly preInstall?: string;
  readonly postInstall?: string;
  readonly postRemove?: string;
}

/** BUILD_EXCLUSIVE_*: `undefined` where the file says nothing. */
export interface Exclusive {
  readonly arch: TriedPattern | undefined;
  readonly config: string | undefined;
  readonly kernel: TriedPattern | undefined;
  readonly kernelMin: string | undefined;
  readonly kernelMax: string | undefined;
}

/** A bash regex and whether it matches this kernel's release (or architecture). */
export interface TriedPattern {
  readonly pattern: string;
  readonly matches: boolean;
}
