import type { DkmsConf } from "../conf/dkms-conf.ts";
import type { Overrides } from "../conf/overrides.ts";
import type { EnginePolicy } from "../engine-policy.ts";
import type { InstanceId, ModuleId } from "../id.ts";
import type { Kernel } from "../kernel.ts";
import type { ModuleInfo } from "../module-info.ts";

export interface InstallOptions extends Overrides {
  /** Other versions of the module whose installed objects make way in the same step. */
  readonly replaces?: readonly ModuleId[];
  /** As `forceVersion`, and goes on after a failed PRE_INSTALL. */
  readonly force?: boolean;
  /** Replaces newer objects of the kernel's own, same-named ones of other modules, and whatever version is installed. */
  readonly forceVersion?: boolean;
  /** Fails with E_NEWER_INSTALLED (6) if the version that would make way is not older. */
  readonly keepNewer?: boolean;
  /** Default: unsigned objects are installed. */
  readonly policy?: EnginePolicy;
}

/** What an install works with, checked. */
export interface InstallJob {
  readonly instance: InstanceId;
  readonly kernel: Kernel;
  readonly conf: DkmsConf;
  readonly placements: readonly Placement[];
  /** Versions whose objects make way. */
  readonly replaces: readonly ModuleId[];
  /** Links to the build instead of copies. */
  readonly symlink: boolean;
  /** Nothing that is installed stands in the way, whatever its version. */
  readonly force: boolean;
}

/** One object and where it goes. */
export interface Placement {
  /** Without `.ko`. */
  readonly name: string;
  readonly built: string;
  readonly info: ModuleInfo;
  readonly place: string;
}
