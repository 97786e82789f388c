import { type Failure, fail, type Result } from "../dkms/failure.ts";
import { ioFailure } from "../dkms/io-failure.ts";
import { lockFile } from "../dkms/tree-layout.ts";
import type { Host } from "../host/host.ts";
import { type LockAttempt, takeLock } from "../host/lock-file.ts";
import type { Emit } from "./event.ts";

export interface LockOptions {
  readonly lockTimeoutMs: number;
  readonly emit: Emit;
}

/**
 * Runs `work` while holding the lock of the DKMS tree, and releases it whatever happens. Waits at most `lockTimeoutMs`
 * for another run, and says so once. Fails with E_LOCKED, or with E_PERMISSION, E_READ_ONLY, E_NO_SPACE or E_NO_TOOL
 * if this host cannot have the lock at all.
 */
export async function withLock<T>(
  host: Host,
  { lockTimeoutMs, emit }: LockOptions,
  work: () => Promise<Result<T>>,
): Promise<Result<T>> {
  const file = lockFile(host.paths);
  const holder = `${JSON.stringify({ pid: process.pid, since: host.clock().toISOString(), doing: "apply" })}\n`;
  let attempt: LockAttempt;
  try {
    host.files.makeDirectory(host.paths.state);
    attempt = await takeLock(host.run, file, { waitMs: 0, holder });
    if (attempt.kind === "busy" && lockTimeoutMs > 0) {
      emit({ type: "lock_wait", holder: describeHolder(attempt.holder) });
      attempt = await takeLock(host.run, file, { waitMs: lockTimeoutMs, holder });
    }
  } catch (error) {
    return ioFailure(error, "take the lock of the DKMS tree");
  }
  if (attempt.kind !== "held") return { ok: false, error: notHeld(attempt, file) };
  try {
    return await work();
  } finally {
    attempt.lock.release();
  }
}

function notHeld(attempt: Exclude<LockAttempt, { kind: "held" }>, file: string): Failure {
  if (attempt.kind === "no-flock") {
    return fail("E_NO_TOOL", "The program flock is missing, without which two runs could work against each other.", {
      remedy: "Install the package util-linux.",
    }).error;
  }
  if (attempt.kind === "stopped") {
    return fail("E_CANCELLED", "The run was stopped while it waited for another one to end; nothing was changed.")
      .error;
  }
  return fail("E_LOCKED", `Another run holds the lock: ${describeHolder(attempt.holder)}.`, {
    path: file,
    remedy: "Wait for it to end, or give more time with --lock-timeout.",
  }).error;
}

/** What the holder wrote about itself; anything may stand in the file. */
function describeHolder(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return "another program";
    const pid = "pid" in value ? String(value.pid) : "unknown";
    const since = "since" in value ? String(value.since) : "an unknown time";
    return `process ${pid}, since ${since}`;
  } catch {
    return "another program";
  }
}
