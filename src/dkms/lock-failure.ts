import type { LockAttempt } from "../host/lock-file.ts";
import { type Failure, fail } from "./failure.ts";

/** Why this host cannot have a lock at all, whoever holds it: E_NO_TOOL without flock, E_IO if flock cannot lock the file. */
export function lockFailure(attempt: Extract<LockAttempt, { kind: "no-flock" | "refused" }>, file: string): Failure {
  if (attempt.kind === "no-flock") {
    return fail("E_NO_TOOL", "The program flock is missing, without which two runs could work against each other.", {
      remedy: "Install the package util-linux.",
    }).error;
  }
  return fail("E_IO", `The file ${file} could not be locked: ${attempt.said}.`, {
    path: file,
    remedy: "Let the DKMS tree be on a file system that knows flock(2), and flock be that of util-linux.",
  }).error;
}
