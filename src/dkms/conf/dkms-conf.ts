/** What a dkms.conf says for one kernel, checked and with every default filled in. */
export interface DkmsConf {
  readonly packageName: string;
  readonly packageVersion: string;
  readonly objects: readonly ObjectSpec[];
  /** In index order; the last one that matches the kernel release counts (make-command.ts). */
  readonly make: readonly Conditional[];
  /** In index order; every one that matches is applied. `value` is the file's name below patches/. */
  readonly patches: readonly Conditional[];
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

/** A value that counts only for kernel releases that match a bash regex; `undefined` matches all. */
export interface Conditional {
  readonly index: number;
  readonly value: string;
  readonly match: string | undefined;
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
  readonly arch: string | undefined;
  readonly config: string | undefined;
  readonly kernel: string | undefined;
  readonly kernelMin: string | undefined;
  readonly kernelMax: string | undefined;
}
