import type { NamedTrees } from "../dkms/framework/choose-trees.ts";
import type { SigningSettings } from "../dkms/signing/signing.ts";
import type { ArchiveLimits } from "../host/archive/archive-limits.ts";

/** /etc/dkms-agent/config.yaml, checked. What has a place in framework.conf too is left open where the file is silent. */
export interface Settings {
  readonly signing: SigningSettings;
  /** `undefined`: framework.conf's parallel_jobs, else the number of processors. */
  readonly jobs: number | undefined;
  /** For modules that say nothing themselves. */
  readonly buildTimeoutMs: number;
  readonly lockTimeoutMs: number;
  /** How much a tarball may hold. */
  readonly tarballLimits: ArchiveLimits;
  /** As written, without the root in front. */
  readonly trees: NamedTrees;
}
