import type { Files } from "./files.ts";
import type { Run } from "./run.ts";

/**
 * Everything that the program needs of a machine, as a plain value. Tests point `root` at a temporary directory and
 * swap `run`; nothing else is replaced.
 */
export interface Host {
  /** `/`, or the directory that stands for it. */
  readonly root: string;
  readonly paths: Paths;
  readonly files: Files;
  readonly run: Run;
  /** In the environment of everything that `run` starts, and of nothing else: see end-run.ts. */
  readonly mark: string;
  /** The path of a program as `run` would find it, without starting anything; `undefined` if there is none. */
  readonly findProgram: (name: string) => string | undefined;
  /** Aborted when the program has been asked to stop. */
  readonly signal: AbortSignal;
  readonly clock: () => Date;
  /** Resolves when the clock has gone on by so many milliseconds. */
  readonly pause: (ms: number) => Promise<void>;
  readonly machine: Machine;
}

/** Absolute paths, the root already in front of each. */
export interface Paths {
  readonly dkmsTree: string;
  readonly sourceTree: string;
  readonly installTree: string;
  /** /etc/dkms: override files for single modules, framework.conf. */
  readonly dkmsSettings: string;
  readonly osRelease: string;
  /** /boot, for System.map. */
  readonly boot: string;
  /** Where another package's files are looked up: /usr. */
  readonly usr: string;
  /** /sys/module: what is loaded into the running kernel. */
  readonly loaded: string;
  /** /etc/sysconfig/module-init-tools */
  readonly moduleToolsSettings: string;
  /** In place of every kernel's own `build`; `undefined`: each has its own (dkms --kernelsourcedir). */
  readonly headers: string | undefined;
  /** In place of the configuration among the headers, whether it is there or not (dkms --config). */
  readonly kernelConfig: string | undefined;
  /** Below a kernel's directory: where every object goes, whatever dkms.conf and distribution say (ADDON_MODULES_DIR). */
  readonly addonModules: string | undefined;
  /** `<dkms tree>/.dkms-agent`: lock, journal, logs and caches of this program. */
  readonly state: string;
}

export interface Machine {
  /** `uname -m` */
  readonly arch: string;
  /** `uname -r`; `undefined` under a root other than `/`, where the running kernel says nothing. */
  readonly runningKernel: string | undefined;
  readonly uid: number;
  /** The number of processors that this process may use. */
  readonly processors: number;
}
