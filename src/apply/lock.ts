import { type Failure, fail, type Result, succeed } from "../dkms/failure.ts";
import { ioFailure } from "../dkms/io-failure.ts";
import { fieldsOf, parseJson } from "../dkms/json-fields.ts";
import { lockFailure } from "../dkms/lock-failure.ts";
import { lockFile } from "../dkms/state-layout.ts";
import { isAncestor } from "../host/ancestors.ts";
import { endRun } from "../host/end-run.ts";
import type { Host } from "../host/host.ts";
import { type HeldLock, type LockAttempt, takeLock } from "../host/lock-file.ts";
import { processStart } from "../host/process-stat.ts";
import { isStartedBy } from "../host/run-mark.ts";
import type { Emit } from "./event.ts";
import { sweepState } from "./sweep-state.ts";

export interface LockOptions {
  readonly lockTimeoutMs: number;
  readonly emit: Emit;
  /** What the lock's file tells others of this run, e.g. `apply`; default: nothing. */
  readonly doing?: string | undefined;
  /** Called while the lock is sought: for what may be read before nobody else may write. It must not throw. */
  readonly meanwhile?: (() => void) | undefined;
}

export interface HeldTreeLock {
  /** It belongs to the run that has started this one, which also writes the journal. */
  readonly isOuter: boolean;
}

/**
 * Runs `work` while holding the lock of the DKMS tree, and releases it whatever happens. Waits at most `lockTimeoutMs`
 * for another run, and says so once. What a run that was killed has left running is ended first.
 *
 * There is no waiting for a run that has started this one and waits for it itself, such as an apply that is carried out by
 * the host's dkms where that is this very program: then the work is part of that run, under its lock.
 *
 * Fails with E_LOCKED, or with E_PERMISSION, E_READ_ONLY, E_NO_SPACE, E_IO or E_NO_TOOL if this host cannot have the
 * lock at all.
 */
export async function withLock<T>(
  host: Host,
  { lockTimeoutMs, emit, doing, meanwhile }: LockOptions,
  work: (held: HeldTreeLock) => Promise<Result<T>>,
): Promise<Result<T>> {
  const file = lockFile(host.paths);
  const since = host.clock().toISOString();
  const { pid } = process;
  const holder = `${JSON.stringify({ pid, start: processStart("self"), since, doing, run: host.mark })}\n`;
  let attempt: LockAttempt | { readonly kind: "ours" };
  try {
    host.files.makeDirectory(host.paths.state);
    attempt = await takeLock(host.run, file, { waitMs: 0, meanwhile });
    if (attempt.kind === "busy" && isForUs(host, attempt.holder)) attempt = { kind: "ours" };
    if (attempt.kind === "busy" && lockTimeoutMs > 0) {
      emit({ type: "lock_wait", holder: describeHolder(attempt.holder) });
      attempt = await takeLock(host.run, file, { waitMs: lockTimeoutMs });
    }
  } catch (error) {
    return ioFailure(error, "take the lock of the DKMS tree");
  }
  if (attempt.kind === "ours") return work({ isOuter: true });
  if (attempt.kind !== "held") return { ok: false, error: notHeld(attempt, file) };
  const { lock } = attempt;
  try {
    const ready = await takeOver(host, lock, holder);
    return ready.ok ? await work({ isOuter: false }) : ready;
  } finally {
    lock.release();
  }
}

/** Whoever holds the lock. */
export interface LockHolder {
  readonly pid: string;
  /** Which process, what it does, since when. */
  readonly text: string;
}

/**
 * The process that holds the lock, without taking anything: who holds it says so in its file, and whoever was killed is not
 * there any more, even if another process has its number by now. `undefined` if nobody does, or if the file cannot be read.
 */
export function lockHolder({ files, paths }: Host): LockHolder | undefined {
  try {
    const text = files.readText(lockFile(paths)) ?? "";
    const [pid, start] = [fieldOf(text, "pid"), fieldOf(text, "start")];
    if (pid === undefined || !/^\d+$/.test(pid)) return undefined;
    const now = processStart(Number(pid));
    const isThere = now !== undefined && (start === undefined || start === now);
    return isThere ? { pid, text: describeHolder(text) } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether the holder has started this run: the mark says that it has, and it is seen among the processes that did, for
 * anybody may be called with any environment.
 */
function isForUs({ mark }: Host, holder: string): boolean {
  const run = fieldOf(holder, "run");
  return run !== undefined && isStartedBy(mark, run) && isAncestor(Number(fieldOf(holder, "pid")));
}

/** Only when nothing of the run before is left that could write into the trees, the lock is ours. */
async function takeOver(host: Host, lock: HeldLock, holder: string): Promise<Result<undefined>> {
  const before = fieldOf(lock.leftBy, "run");
  const left = before === undefined ? [] : await endRun(before);
  if (left.length > 0) {
    const pids = left.join(", ");
    const remedy = `See what they wait for: ps -o pid,stat,wchan,args -p ${left.join(",")}. Then run this again.`;
    return fail("E_LOCKED", `A run was killed, and processes that it had started do not end: ${pids}.`, { remedy });
  }
  try {
    lock.claim(holder);
    sweepState(host);
    return succeed(undefined);
  } catch (error) {
    return ioFailure(error, "take the lock of the DKMS tree");
  }
}

function notHeld(attempt: Exclude<LockAttempt, { kind: "held" }>, file: string): Failure {
  if (attempt.kind === "no-flock" || attempt.kind === "refused") return lockFailure(attempt, file);
  if (attempt.kind === "stopped") {
    return fail("E_CANCELLED", "The run was stopped while it waited for another one to end; nothing was changed.")
      .error;
  }
  return fail("E_LOCKED", `Another run holds the lock: ${describeHolder(attempt.holder)}.`, {
    path: file,
    remedy: "Wait for it to end, or give more time with --lock-timeout.",
  }).error;
}

function describeHolder(text: string): string {
  const pid = fieldOf(text, "pid");
  if (pid === undefined) return "another program";
  const doing = fieldOf(text, "doing");
  const what = doing === undefined ? "" : ` (${doing.slice(0, 40).replace(/[^ -~]/g, "\ufffd")})`;
  return `process ${pid}${what}, since ${fieldOf(text, "since") ?? "an unknown time"}`;
}

/** Of what a holder wrote about itself; anything may stand in the file. */
function fieldOf(text: string, name: "pid" | "start" | "since" | "run" | "doing"): string | undefined {
  const value = fieldsOf(parseJson(text))?.get(name);
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}
