import { findCaller } from "../host/caller.ts";
import { noFilter } from "../plan/resolve-wanted.ts";
import type { ReconcileOptions } from "../reconcile.ts";
import { archivesOf, type HostRequest, type OpenedHost, policyOf } from "./open-host.ts";
import { toolVersion } from "./tool-version.ts";

/** How a run reconciles, as the host's settings say: everything that is wanted, with our own engine, silently. */
export function runOptionsOf(
  opened: OpenedHost,
  request: Pick<HostRequest, "allowInsecureFiles"> = { allowInsecureFiles: false },
): ReconcileOptions {
  const { host, settings, framework } = opened;
  const jobs = settings.jobs ?? framework.parallelJobs;
  return {
    filter: noFilter,
    emit: () => {},
    archives: archivesOf(opened, request),
    lockTimeoutMs: settings.lockTimeoutMs,
    buildTimeoutMs: settings.buildTimeoutMs,
    jobs: jobs ?? host.machine.processors,
    jobsAsked: jobs !== undefined,
    policy: policyOf(opened),
    engine: "builtin",
    failFast: false,
    facts: { caller: findCaller(), command: "a program", toolVersion },
  };
}
