import type { KernelId, ModuleId } from "./id.ts";

/** What a build was made from and what came out: `.dkms-agent-build.json` beside `module/`. */
export interface BuildRecord {
  readonly format: 1;
  readonly module: ModuleId;
  readonly kernel: KernelId;
  readonly inputs: BuildInputs;
  /** ISO 8601, UTC. */
  readonly builtAt: string;
  readonly durationMs: number;
  readonly objects: readonly RecordedObject[];
}

/** Everything that decides how a build comes out. Two equal values: the build is fresh. */
export interface BuildInputs {
  /** SHA-256 over names, modes, contents and link targets of the source directory. */
  readonly source: string;
  /** SHA-256 over the effective dkms.conf for this kernel, directives included. */
  readonly conf: string;
  /** KernelHeaders.digest */
  readonly headers: string;
  /** SHA-256 of the compiler's program file. */
  readonly compiler: string;
  /** BUILD_DEPENDS name -> SHA-256 over that instance's built objects. */
  readonly dependencies: Readonly<Record<string, string>>;
}

export interface RecordedObject {
  /** File name below module/, e.g. `ddcci.ko.xz`. */
  readonly file: string;
  readonly sha256: string;
  readonly size: number;
}
