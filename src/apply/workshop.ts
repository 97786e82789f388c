import { type KnownConfs, noKnownConfs } from "../dkms/conf/load-conf.ts";
import { moduleKey } from "../dkms/id.ts";
import type { KnownEvaluations } from "../dkms/known-evaluations.ts";
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
  /** To be called as each build begins: the last ones need not wait for each other. */
  readonly begin: () => void;
  /** What dkms.conf files say, for all steps of the run. */
  readonly confs: KnownConfs | undefined;
  readonly close: () => Promise<void>;
}

export interface WorkshopRequest {
  readonly steps: readonly Step[];
  readonly jobs: number;
  /** Whether `jobs` is what somebody has asked for: never are there more. */
  readonly jobsAsked: boolean;
  /** What bash has said of dkms.conf files. Default: nothing. */
  readonly evaluations?: KnownEvaluations;
}

/** For the builds of these steps: nothing is prepared that none of them needs. */
export async function openWorkshop(
  host: Host,
  { steps, jobs, jobsAsked, evaluations }: WorkshopRequest,
): Promise<Workshop> {
  const builds = steps.flatMap((step) => (step.kind === "build" ? [moduleKey(step.instance.module)] : []));
  const pool = builds.length > 1 ? await openJobPool(host, { directory: host.paths.state, jobs }) : undefined;
  const oneModuleTwice = new Set(builds).size < builds.length;
  const privateBuilds = oneModuleTwice && host.machine.uid === 0 ? await openPrivateBuilds(host) : undefined;
  let waiting = builds.length;
  const begin = () => {
    waiting -= 1;
    // What a small module's build does is mostly one thing after another: alone at the end, it leaves processors idle,
    // which it does not where it has gone on beside those before it.
    if (waiting === 0 && !jobsAsked) pool?.widen();
  };
  return { pool, privateBuilds, begin, confs: noKnownConfs(evaluations), close: async () => pool?.close() };
}

/** Where somebody else does the building. */
export const noWorkshop: Workshop = {
  pool: undefined,
  privateBuilds: undefined,
  begin: () => {},
  confs: undefined,
  close: async () => {},
};
