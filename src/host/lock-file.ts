import fs from "node:fs";
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
  /** The host was asked to stop while this was waiting. */
  | { readonly kind: "stopped" };

const conflict = 75;

/**
 * Takes flock(2) on a file, creating it if needed, waiting at most `waitMs`. Node has no flock; but the lock belongs
 * to the open file description, so a short-lived flock(1) that inherits the descriptor takes it for this process. Throws the system's error if the file cannot be opened.
 */
export async function takeLock(run: Run, file: string, { waitMs }: { readonly waitMs: number }): Promise<LockAttempt> {
  const descriptor = fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_NOFOLLOW, 0o644);
  const wait = waitMs > 0 ? ["--wait", String(waitMs / 1000)] : ["--nonblock"];
  const result = await run({
    file: "flock",
    args: [...wait, "--conflict-exit-code", String(conflict), "3"],
    timeoutMs: waitMs + 10_000,
    descriptors: [descriptor],
  });
  if (result.ending === "exited" && result.exitCode === 0) {
    return { kind: "held", lock: hold(descriptor) };
  }
  const holder = fs.readFileSync(descriptor, "utf8").trim();
  fs.closeSync(descriptor);
  if (result.ending === "cancelled") return { kind: "stopped" };
  return result.ending === "missing" ? { kind: "no-flock" } : { kind: "busy", holder };
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
