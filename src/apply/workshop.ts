import { type KnownConfs, noKnownConfs } from "../dkms/conf/load-conf.ts";
import { moduleKey } from "../dkms/id.ts";
import { openPrivateBuilds, type PrivateBuilds } from "../dkms/verbs/workspace.ts";
import type { Host } from "../host/host.ts";
import { type JobPool, openJobPool } from "../host/job-pool.ts";
import type { Step } from "../plan/step.ts";

/** What the builds of one run share, so that they can go on side by side. */
export interface Workshop {
  /** `undefined`: each build takes all jobs for itself. */
  readonly pool: JobPool | undefined;
  /** `undefined`: builds of one module take turns. */
  readonly privateBuilds: PrivateBuilds | undefined;
  /** What dkms.conf files say, for all steps of the run. */
  readonly confs: KnownConfs | undefined;
  readonly close: () => Promise<void>;
}

/** For the builds of these steps: nothing is prepared that none of them needs. */
export async function openWorkshop(host: Host, steps: readonly Step[], jobs: number): Promise<Workshop> {
  const builds = steps.flatMap((step) => (step.kind === "build" ? [moduleKey(step.instance.module)] : []));
  const pool = builds.length > 1 ? await openJobPool(host, { directory: host.paths.state, jobs }) : undefined;
  const oneModuleTwice = new Set(builds).size < builds.length;
  const privateBuilds = oneModuleTwice && host.machine.uid === 0 ? await openPrivateBuilds(host) : undefined;
  return { pool, privateBuilds, confs: noKnownConfs(), close: async () => pool?.close() };
}

/** Where somebody else does the building. */
export const noWorkshop: Workshop = {
  pool: undefined,
  privateBuilds: undefined,
  confs: undefined,
  close: async () => {},
};
