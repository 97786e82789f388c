import { unsignedPolicy } from "../../src/dkms/engine-policy.ts";
import { defaultArchiveLimits } from "../../src/host/archive/archive-limits.ts";
import { noFilter } from "../../src/plan/resolve-wanted.ts";
import type { ReconcileOptions } from "../../src/reconcile.ts";

/** What `apply` asks for without any options, of somebody who waits for no lock and listens to no events. */
export const reconcileOptions: ReconcileOptions = {
  filter: noFilter,
  archives: { allowInsecureFiles: true, limits: defaultArchiveLimits },
  emit: () => {},
  lockTimeoutMs: 0,
  buildTimeoutMs: 60_000,
  policy: unsignedPolicy,
  engine: "builtin",
  jobs: 2,
  jobsAsked: true,
  failFast: false,
  facts: { caller: { uid: 0, user: "root", login: undefined }, command: "apply", toolVersion: "0" },
};
