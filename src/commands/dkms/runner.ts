import { noKnownConfs } from "../../dkms/conf/load-conf.ts";
import { type Failure, fail } from "../../dkms/failure.ts";
import { type Course, startCourse } from "../../dkms/verbs/course.ts";
import { policyOf } from "../open-host.ts";
import type { Session } from "./session.ts";

/** How one verb of the command line is done. */
export interface Runner {
  /** `if possible`: it only reads the DKMS tree, so that who may not write there may use it. Default: `needed`. */
  readonly lock?: "needed" | "if possible";
  /** `untold`: it changes no module, and leaves nothing in the journal. Default: `told`. */
  readonly history?: "told" | "untold";
  /** What can be said before the lock is taken. Not told yet. */
  readonly check?: (session: Session) => Failure | undefined;
  /** Done before the lock is taken, by what may call dkms itself. Not told yet. */
  readonly before?: (session: Session) => Promise<Failure | undefined>;
  /** Under the lock. The failures, which have been told. */
  readonly run: (session: Session) => Promise<readonly Failure[]>;
}

/** The course that a session's options ask for. Of one module, a dkms.conf may be named (-c). */
export function courseOf(session: Session, confFile?: string): Course {
  const { host, call, settings, framework, tell } = session;
  const { force, forceVersionOverride, noDepmod, directives } = call.options;
  const jobs = call.options.jobs ?? settings.jobs ?? framework.parallelJobs;
  const policy = policyOf(session);
  return startCourse(
    host,
    {
      ...{ force, forceVersion: forceVersionOverride, noDepmod, directives },
      ...(confFile !== undefined && { confFile }),
      ...(jobs !== undefined && jobs > 0 && { jobs }),
      known: noKnownConfs(session.evaluations),
      policy: { ...policy, symlinkModules: policy.symlinkModules || call.options.symlinkModules },
    },
    tell,
  );
}

/** Tells a failure and returns it as the only one. */
export function refuse({ tell }: Session, failure: Failure): readonly Failure[] {
  tell({ type: "failure", failure });
  return [failure];
}

/** E_PERMISSION (1), for verbs that only root may use. */
export function requireRoot({ host, call }: Session): Failure | undefined {
  if (host.machine.uid === 0) return undefined;
  const remedy = `Run it as root: sudo dkms ${call.verb}.`;
  return fail("E_PERMISSION", `${call.verb} changes the system's modules, which only root may.`, { remedy }).error;
}
