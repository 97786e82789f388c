import type { NamedTrees } from "../dkms/framework/choose-trees.ts";
import type { SigningSettings } from "../dkms/signing/signing.ts";

/** /etc/dkms-agent/config.yaml, checked. What has a place in framework.conf too is left open where the file is silent. */
export interface Settings {
  readonly signing: SigningSettings;
  /** `undefined`: framework.conf's parallel_jobs, else the number of processors. */
  readonly jobs: number | undefined;
  /** For modules that say nothing themselves. */
  readonly buildTimeoutMs: number;
  readonly lockTimeoutMs: number;
  /** As written, without the root in front. */
  readonly trees: NamedTrees;
}
