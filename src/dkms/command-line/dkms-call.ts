import type { DkmsVerb } from "./dkms-verbs.ts";

/** One command line of dell/dkms, understood: see option-table.ts and dkms-verbs.ts. */
export interface DkmsCall {
  readonly verb: DkmsVerb;
  readonly name: string | undefined;
  readonly version: string | undefined;
  /** A bare word, or --archive: where the module comes from if neither name nor version is given. */
  readonly source: SourceWord | undefined;
  readonly kernels: readonly KernelWord[];
  readonly options: CallOptions;
  /** Sentences for stderr: ignored words, options that mean nothing any more. */
  readonly notices: readonly string[];
}

/** A file or directory that a module comes from; `path` is as it was written. */
export interface SourceWord {
  readonly kind: SourceKind;
  readonly path: string;
}

/** `conf` is a file named dkms.conf and means its directory. */
export type SourceKind = "directory" | "conf" | "archive" | "rpm";

/** `undefined`: the running kernel's. */
export interface KernelWord {
  readonly release: string | undefined;
  readonly arch: string | undefined;
}

export interface CallOptions {
  readonly all: boolean;
  readonly force: boolean;
  readonly forceVersionOverride: boolean;
  readonly binariesOnly: boolean;
  readonly sourceOnly: boolean;
  readonly noDepmod: boolean;
  readonly modprobeOnInstall: boolean;
  readonly symlinkModules: boolean;
  readonly rpmSafeUpgrade: boolean;
  readonly verbose: boolean;
  readonly quiet: boolean;
  /** `make -j`; 0: as many as make likes. */
  readonly jobs: number | undefined;
  readonly directives: Readonly<Record<string, string>>;
  readonly templateKernel: string | undefined;
  /** -c */
  readonly confFile: string | undefined;
  /** --config */
  readonly kernelConfig: string | undefined;
  readonly archive: string | undefined;
  readonly kernelSourceDirectory: string | undefined;
  /** Not in dell/dkms: as `dkms-agent --lock-timeout`. */
  readonly lockTimeout: string | undefined;
  readonly trees: TreeOptions;
}

/** As they were written: relative to the working directory. */
export interface TreeOptions {
  /** Not in dell/dkms. */
  readonly root?: string;
  readonly dkmsTree?: string;
  readonly sourceTree?: string;
  readonly installTree?: string;
}
