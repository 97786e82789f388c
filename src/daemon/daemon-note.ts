import type { Cause } from "./scheduler.ts";

/** What the daemon has to tell besides what its runs tell. */
export type DaemonNote =
  | { readonly type: "ready"; readonly next: Date | undefined; readonly watching: boolean }
  /** `places`: what has changed, where that is the cause. */
  | { readonly type: "run"; readonly cause: Cause; readonly places: readonly string[] }
  /** A run has ended with this exit code of the program. */
  | { readonly type: "rest"; readonly exitCode: number; readonly next: Date | undefined }
  /** The system watches nothing more; what changes there is found later. */
  | { readonly type: "unwatched"; readonly directory: string; readonly code: string }
  /** The service manager wants to hear something, and there is no program to tell it. */
  | { readonly type: "unheard" }
  | { readonly type: "stopped"; readonly signal: string };
