import type { NamedTrees } from "../dkms/framework/choose-trees.ts";
import { defaultSigning, type SigningSettings } from "../dkms/signing/signing.ts";
import { type ArchiveLimits, defaultArchiveLimits } from "../host/archive/archive-limits.ts";

/** Where they stand, below the root. */
export const settingsPlace = "etc/dkms-agent/config.yaml";

/** /etc/dkms-agent/config.yaml, checked. What has a place in framework.conf too is left open where the file is silent. */
export interface Settings {
  readonly signing: SigningSettings;
  /** `undefined`: framework.conf's parallel_jobs, else the number of processors, and one more at the end. */
  readonly jobs: number | undefined;
  /** For modules that say nothing themselves. */
  readonly buildTimeoutMs: number;
  readonly lockTimeoutMs: number;
  /** Whether a run that fails in a kernel hook fails the hook, and with it the package that called it. */
  readonly hooks: "lenient" | "strict";
  /** How much a tarball may hold. */
  readonly tarballLimits: ArchiveLimits;
  readonly daemon: DaemonSettings;
  /** Where runs leave figures for node_exporter, without the root in front; `undefined`: nowhere. */
  readonly metricsFile: string | undefined;
  /** As written, without the root in front. */
  readonly trees: NamedTrees;
}

/** When `dkms-agent daemon` runs. */
export interface DaemonSettings {
  /** Five fields of cron, or one of its nicknames; `undefined`: never. */
  readonly schedule: string | undefined;
  /** `undefined`: the host's own. */
  readonly timezone: string | undefined;
  readonly jitterMs: number;
  readonly watch: boolean;
  readonly debounceMs: number;
}

export const defaultDaemonSettings: DaemonSettings = {
  schedule: "17 */4 * * *",
  timezone: undefined,
  jitterMs: 5 * 60_000,
  watch: true,
  debounceMs: 30_000,
};

/** What counts where the file is silent, or not there. */
export const defaultSettings: Settings = {
  signing: defaultSigning,
  jobs: undefined,
  buildTimeoutMs: 30 * 60_000,
  lockTimeoutMs: 30_000,
  hooks: "lenient",
  tarballLimits: defaultArchiveLimits,
  daemon: defaultDaemonSettings,
  metricsFile: undefined,
  trees: {},
};
