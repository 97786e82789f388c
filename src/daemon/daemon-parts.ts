import type { DaemonSettings } from "../desired-state/settings.ts";
import type { Host } from "../host/host.ts";
import type { ServiceManager } from "../host/service-manager.ts";
import type { DaemonNote } from "./daemon-note.ts";
import type { SurveyScope } from "./survey.ts";

/** What the daemon goes by. */
export interface Orders {
  readonly host: Host;
  readonly settings: DaemonSettings;
  readonly scope: SurveyScope;
}

/** What the daemon is made of, for whoever starts it. */
export interface DaemonParts {
  /** Settings and documents as they are now; where they are not valid, as they were: the run tells what is wrong. */
  readonly orders: () => Promise<Orders>;
  /** One run, as `apply` does it; its exit code. */
  readonly run: () => Promise<number>;
  /** Which of them ask for another run although nothing changes. */
  readonly codes: {
    /** The lock was taken. */
    readonly locked: number;
    /** Something failed, or was not reachable. */
    readonly unfinished: readonly number[];
  };
  readonly tell: (note: DaemonNote) => void;
  readonly manager: ServiceManager | undefined;
  /** How things are after a run, in a line for the service manager. */
  readonly status: (exitCode: number, next: Date | undefined) => string;
  /** Milliseconds by a clock that nobody sets. */
  readonly elapsedMs: () => number;
  /** Tells this machine from others. */
  readonly machine: string;
  /** Aborted when the program is to end. */
  readonly signal: AbortSignal;
}
