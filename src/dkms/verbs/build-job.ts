import type { Host } from "../../host/host.ts";
import type { JobPool } from "../../host/job-pool.ts";
import type { BuildInputs } from "../build-record.ts";
import type { DkmsConf } from "../conf/dkms-conf.ts";
import type { Overrides } from "../conf/overrides.ts";
import type { EnginePolicy } from "../engine-policy.ts";
import type { InstanceId } from "../id.ts";
import type { Kernel } from "../kernel.ts";
import type { SigningChoice } from "../signing/signing.ts";
import type { Toolchain } from "../toolchain.ts";
import type { BuildLog } from "./build-log.ts";
import type { FileChanges } from "./file-changes.ts";
import type { PrivateBuilds, Workspace } from "./workspace.ts";

export interface BuildOptions extends Overrides {
  /** For the whole build; default 30 minutes. */
  readonly timeoutMs?: number;
  /** `make -j`; default: the processors that this process may use. Says nothing where `pool` is given. */
  readonly jobs?: number;
  /** Job slots that this build shares with others that run at the same time. */
  readonly pool?: JobPool;
  /** With one job, and beside no other build of `pool`: what it has for want of memory when others have failed it. */
  readonly alone?: boolean;
  /** Lets builds of one module run side by side. */
  readonly privateBuilds?: PrivateBuilds;
  /** Builds anew what is built already; the old build stays until the new one is complete. */
  readonly replace?: boolean;
  /** Goes on although BUILD_DEPENDS are not installed. */
  readonly force?: boolean;
  /** Default: nothing is signed, and compressed as dell/dkms does. */
  readonly policy?: EnginePolicy;
}

/** How many jobs its build may run. */
export function jobsOf({ machine }: Pick<Host, "machine">, { jobs, alone = false }: BuildOptions): number {
  return alone ? 1 : (jobs ?? machine.processors);
}

/** Everything that a build needs to know, checked. */
export interface BuildJob {
  readonly instance: InstanceId;
  readonly kernel: Kernel;
  readonly conf: DkmsConf;
  /** The module's directory with its dkms.conf. */
  readonly source: string;
  readonly toolchain: Toolchain;
  readonly inputs: BuildInputs;
  /** The installed versions of BUILD_DEPENDS. */
  readonly dependencies: Readonly<Record<string, string>>;
  readonly signing: SigningChoice;
  readonly options: BuildOptions;
}

/** One build on its way. */
export interface Making {
  readonly host: Host;
  readonly job: BuildJob;
  readonly changes: FileChanges;
  readonly workspace: Workspace;
  /** To be called when nothing more is compiled; more than once is fine. */
  readonly compiled: () => void;
  readonly log: BuildLog;
  /** Environment of make and of the build's scripts. */
  readonly env: Readonly<Record<string, string>>;
  /** What is left of the build's time. */
  readonly timeLeft: () => number;
}
