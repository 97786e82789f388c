import type { Compression } from "../kernel.ts";

/**
 * What /etc/dkms/framework.conf and framework.conf.d/*.conf say, every default
 * filled in. Paths are as written there: the host's root is not in front of them.
 */
export interface Framework {
  readonly sourceTree: string;
  readonly dkmsTree: string;
  readonly installTree: string;
  readonly tmpLocation: string;
  readonly verbose: boolean;
  readonly symlinkModules: boolean;
  readonly autoinstallAllKernels: boolean;
  readonly modprobeOnInstall: boolean;
  /** `undefined`: as many as this process may use processors. */
  readonly parallelJobs: number | undefined;
  readonly compressOptions: Readonly<Record<Exclude<Compression, "none">, readonly string[]>>;
  /** `undefined`: the distribution's own. */
  readonly signFile: string | undefined;
  /** A path or `pkcs11:…`; `undefined`: the distribution's, or the agent's own. */
  readonly mokSigningKey: string | undefined;
  readonly mokCertificate: string | undefined;
  /** A line for bash, without quotes: run after something was installed or taken away. */
  readonly postTransaction: string | undefined;
  /** What is odd in the files, or what they wrote to stderr. One sentence or line each. */
  readonly notices: readonly string[];
}
