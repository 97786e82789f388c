import { openCommandJournal } from "../../apply/journal.ts";
import { withLock } from "../../apply/lock.ts";
import type { CommandFacts } from "../../apply/run-facts.ts";
import { parseWait } from "../../desired-state/duration.ts";
import type { DkmsCall } from "../../dkms/command-line/dkms-call.ts";
import { type Failure, fail, type Result, succeed } from "../../dkms/failure.ts";
import { ioFailure } from "../../dkms/io-failure.ts";
import { findCaller } from "../../host/caller.ts";
import { isSystemError } from "../../host/system-error.ts";
import type { Answer } from "../command.ts";
import type { Io } from "../io.ts";
import { failureRefusal, noteRefusal } from "../note-refusal.ts";
import { toolVersion } from "../tool-version.ts";
import { dkmsExitCode, failureAnswer } from "./failure-answer.ts";
import { recordSteps } from "./record-steps.ts";
import type { Session } from "./session.ts";
import { verbTable } from "./verb-table.ts";

/** Carries out a verb that changes something, under the lock. */
export async function act(session: Session, verb: Exclude<DkmsCall["verb"], "status">, io: Io): Promise<Answer> {
  const runner = verbTable[verb];
  const refusal = await guarded(verb, async () => {
    const failure = runner.check?.(session) ?? (await runner.before?.(session));
    return failure ? { ok: false, error: failure } : succeed(undefined);
  });
  if (!refusal.ok) return failureAnswer(refusal.error, io);
  const lockTimeoutMs = readLockTimeout(session);
  if (!lockTimeoutMs.ok) return failureAnswer(lockTimeoutMs.error, io);
  const options = { lockTimeoutMs: lockTimeoutMs.value, emit: tellOfWaiting(session), doing: `dkms ${verb}` };
  const work = async (told = session) => {
    const result = await guarded(verb, async () => succeed(await runner.run(told)));
    session.evaluations.save({ whole: false });
    return result;
  };
  const isTold = runner.history !== "untold";
  let isBegun = false;
  const locked = await withLock(session.host, options, ({ isOuter }) => {
    isBegun = true;
    return isTold && !isOuter ? inHistory(session, work) : work();
  });
  const mayGoWithout = runner.lock === "if possible" && !locked.ok && isUnlockable(locked.error);
  const done = mayGoWithout ? await work() : locked;
  if (done.ok) return { exitCode: exitCodeOf(done.value) };
  const answer = failureAnswer(done.error, io);
  const { exitCode } = answer;
  if (isTold && !isBegun) noteRefusal(session.host, factsOf(session), { ...failureRefusal(done.error), exitCode });
  return answer;
}

function factsOf({ call }: Session): CommandFacts {
  return { caller: findCaller(), command: `dkms ${call.verb}`, toolVersion };
}

type Work = (session: Session) => Promise<Result<readonly Failure[]>>;

/**
 * Does the work, and adds to the journal what came of it. Where that cannot be written to, the verb has done its work
 * nevertheless.
 */
async function inHistory(session: Session, work: Work): ReturnType<Work> {
  const { host, call, tell } = session;
  const { verb, name = call.source?.path ?? "", version } = call;
  const whole = `${verb}:${version === undefined ? name : `${name}/${version}`}`;
  const journal = openCommandJournal(host, factsOf(session));
  const kept = (write: () => void) => {
    try {
      write();
    } catch (error) {
      tell({ type: "notice", text: ioFailure(error, "note in the journal what was done").error.message });
    }
  };
  kept(() => journal.start(whole));
  const record = recordSteps(host, whole);
  const done = await work({
    ...session,
    tell: (event) => {
      record.tell(event);
      tell(event);
    },
  });
  if (!done.ok) record.tell({ type: "failure", failure: done.error });
  kept(() => journal.end(record.steps()));
  return done;
}

function isUnlockable({ code }: Failure): boolean {
  return code === "E_PERMISSION" || code === "E_READ_ONLY";
}

/** What the file system refuses where no verb takes care of it. */
async function guarded<T>(verb: string, work: () => Promise<Result<T>>): Promise<Result<T>> {
  try {
    return await work();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return ioFailure(error, `carry out ${verb}`);
  }
}

function readLockTimeout({ call, settings }: Session): Result<number> {
  const { lockTimeout } = call.options;
  if (lockTimeout === undefined) return succeed(settings.lockTimeoutMs);
  const parsed = parseWait(lockTimeout);
  if (parsed.ok) return parsed;
  const { message, hint } = parsed.error;
  return fail("E_USAGE", `--lock-timeout: ${message}`, {
    dkmsExit: 2,
    ...(hint === undefined ? {} : { remedy: hint }),
  });
}

function tellOfWaiting({ tell }: Session): Parameters<typeof withLock>[1]["emit"] {
  return (event) => {
    if (event.type === "lock_wait") tell({ type: "notice", text: `waiting for ${event.holder}` });
  };
}

/** dell/dkms's code of the last failure; what dkms.conf excludes counts only if nothing else failed. */
function exitCodeOf(failures: readonly Failure[]): number {
  const last = failures.findLast(({ code }) => code !== "E_EXCLUDED") ?? failures.at(-1);
  return last === undefined ? 0 : dkmsExitCode(last);
}
