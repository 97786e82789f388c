import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { monotonicMs } from "./monotonic-ms.ts";
import { openRemoved } from "./removed-locks.ts";
import type { Run } from "./run.ts";
import { isSystemError } from "./system-error.ts";

/** A lock that this process holds until it releases it or dies, however it dies. */
export interface HeldLock {
  /** What a holder wrote into the file that was killed before it could release the lock; else empty. */
  readonly leftBy: string;
  /** Says in the file who holds it. */
  readonly claim: (holder: string) => void;
  readonly release: () => void;
}

export type LockAttempt =
  | { readonly kind: "held"; readonly lock: HeldLock }
  /** What the holder wrote into the file. */
  | { readonly kind: "busy"; readonly holder: string }
  | { readonly kind: "no-flock" }
  /** In flock's own words: a file system without locks, or a flock that does not know our options. */
  | { readonly kind: "refused"; readonly said: string }
  /** The host was asked to stop while this was waiting. */
  | { readonly kind: "stopped" };

const conflict = 75;

export interface LockRequest {
  readonly waitMs: number;
  /** As of a command: called while the lock is sought, without which it is not known whether it can be had. */
  readonly meanwhile?: (() => void) | undefined;
}

/**
 * Takes flock(2) on a file, creating it if needed, waiting at most `waitMs`. Node has no flock; but the lock belongs
 * to the open file description, so a short-lived flock(1) that inherits the descriptor takes it for this process. Where
 * somebody has removed the file, who holds a lock on that one is waited for too. Throws the system's error if the file
 * cannot be opened.
 */
export async function takeLock(run: Run, file: string, { waitMs, meanwhile }: LockRequest): Promise<LockAttempt> {
  const end = monotonicMs() + waitMs;
  const timeLeft = () => Math.max(0, end - monotonicMs());
  for (;;) {
    const { descriptor, isNew } = openFile(file);
    const attempt = await lockFor(run, descriptor, { waitMs: timeLeft(), meanwhile });
    if (attempt.kind !== "held") return attempt;
    const before = isNew ? await waitForRemoved(run, file, timeLeft) : attempt;
    if (before.kind !== "held") {
      // It is new to the next one too, who then looks for the removed one as well.
      fs.rmSync(file, { force: true });
      fs.closeSync(descriptor);
      return before;
    }
    if (isNamed(descriptor, file)) return { kind: "held", lock: { ...attempt.lock, leftBy: before.lock.leftBy } };
    fs.closeSync(descriptor);
  }
}

interface OpenedFile {
  readonly descriptor: number;
  /** Nobody had it until now; unless it had been there, and was removed. */
  readonly isNew: boolean;
}

function openFile(file: string): OpenedFile {
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
  for (;;) {
    try {
      const isNew = fs.lstatSync(file, { throwIfNoEntry: false }) === undefined;
      const flags = O_RDWR | O_NOFOLLOW | (isNew ? O_CREAT | O_EXCL : 0);
      const descriptor = fs.openSync(file, flags, ownerOnly);
      closeToOthers(descriptor);
      return { descriptor, isNew };
    } catch (error) {
      // Somebody was faster.
      if (!isSystemError(error) || !["EEXIST", "ENOENT"].includes(error.code)) throw error;
      if (!fs.existsSync(path.dirname(file))) throw error;
    }
  }
}

/** Whoever may read a file may also lock it, and keep everybody else from it. */
const ownerOnly = 0o600;

function closeToOthers(descriptor: number): void {
  const { mode, uid } = fs.fstatSync(descriptor);
  if ((mode & 0o077) !== 0 && uid === process.geteuid?.()) fs.fchmodSync(descriptor, ownerOnly);
}

/** The descriptor is closed if it cannot have the lock. */
async function lockFor(run: Run, descriptor: number, { waitMs, meanwhile }: LockRequest): Promise<LockAttempt> {
  const wait = waitMs > 0 ? ["--wait", String(waitMs / 1000)] : ["--nonblock"];
  const result = await run({
    file: "flock",
    args: [...wait, "--conflict-exit-code", String(conflict), "3"],
    timeoutMs: waitMs + 10_000,
    descriptors: [descriptor],
    meanwhile,
    isBrief: true,
  });
  if (result.ending === "exited" && result.exitCode === 0) {
    return { kind: "held", lock: hold(descriptor) };
  }
  const holder = fs.readFileSync(descriptor, "utf8").trim();
  fs.closeSync(descriptor);
  if (result.ending === "cancelled") return { kind: "stopped" };
  if (result.ending === "missing") return { kind: "no-flock" };
  const isBusy = result.ending === "timeout" || result.exitCode === conflict;
  const [said = ""] = result.stderr.trim().split("\n");
  return isBusy ? { kind: "busy", holder } : { kind: "refused", said: said || `it ended with ${result.exitCode}` };
}

/** Had for a moment, and let go: from then on nobody can have them who looks for the lock by its name. */
async function waitForRemoved(run: Run, file: string, timeLeft: () => number): Promise<LockAttempt> {
  let had: LockAttempt = { kind: "held", lock: nobodys };
  for (const descriptor of openRemoved(file)) {
    if (had.kind === "held") had = await lockFor(run, descriptor, { waitMs: timeLeft() });
    else fs.closeSync(descriptor);
    if (had.kind === "held") fs.closeSync(descriptor);
  }
  return had;
}

const nobodys: HeldLock = { leftBy: "", claim: () => {}, release: () => {} };

/** Whether the file is still the one that its name means. */
function isNamed(descriptor: number, file: string): boolean {
  const { dev, ino } = fs.fstatSync(descriptor);
  const named = fs.lstatSync(file, { throwIfNoEntry: false });
  return named?.dev === dev && named.ino === ino;
}

function hold(descriptor: number): HeldLock {
  const leftBy = fs.readFileSync(descriptor, "utf8").trim();
  let isClaimed = false;
  return {
    leftBy,
    claim: (holder) => {
      isClaimed = true;
      fs.ftruncateSync(descriptor);
      fs.writeSync(descriptor, holder, 0);
    },
    release: () => (isClaimed ? release(descriptor) : fs.closeSync(descriptor)),
  };
}

/** The file stays: removing it would let two processes hold locks on two files of one name. */
function release(descriptor: number): void {
  try {
    fs.ftruncateSync(descriptor);
  } catch (error) {
    // What stands in it then is of a run that has ended: nothing is left of it that the next one could find.
    if (!isSystemError(error)) throw error;
  } finally {
    fs.closeSync(descriptor);
  }
}
