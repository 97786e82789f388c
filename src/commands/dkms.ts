import { withLock } from "../apply/lock.ts";
import { parseDuration } from "../desired-state/duration.ts";
import { classifyWord } from "../dkms/command-line/classify-word.ts";
import type { DkmsCall } from "../dkms/command-line/dkms-call.ts";
import { parseDkmsArguments } from "../dkms/command-line/parse-dkms-arguments.ts";
import { type Failure, fail, type Result, succeed } from "../dkms/failure.ts";
import { ioFailure } from "../dkms/io-failure.ts";
import { localFiles } from "../host/local-files.ts";
import { isSystemError } from "../host/system-error.ts";
import { courseText, noProgressLine } from "../report/course-text.ts";
import { failureText } from "../report/failure-text.ts";
import type { Answer } from "./command.ts";
import { openSession, type Session } from "./dkms/session.ts";
import { statusOutput } from "./dkms/status.ts";
import { compatibleVersion, usage } from "./dkms/usage.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Io } from "./io.ts";
import { stoppedAnswer } from "./on-host.ts";

export interface DkmsInvocation {
  readonly io: Io;
  /** Aborted when the program has been asked to stop. */
  readonly signal: AbortSignal;
}

/** `dkms VERB ...`: the arguments, the output of status and the exit codes of dell/dkms. */
export async function dkms(args: readonly string[], { io, signal }: DkmsInvocation): Promise<Answer> {
  const parsed = parseDkmsArguments(args, (word) => classifyWord(localFiles, ".", word));
  if (!parsed.ok) return answerTo(parsed.error, io);
  if (parsed.value.kind !== "call")
    return { exitCode: 0, out: parsed.value.kind === "help" ? usage : `dkms-${compatibleVersion}\n` };
  const { call } = parsed.value;
  const say = speaker(call, io);
  for (const text of call.notices) say({ type: "notice", text });
  const session = await openSession({ call, signal, io, tell: say });
  if (!session.ok) return answerTo(session.error, io);
  if (call.verb !== "status") return act(session.value, call.verb, io);
  const out = await statusOutput(session.value);
  return signal.aborted ? stoppedAnswer(signal) : { exitCode: 0, out };
}

async function act(session: Session, verb: Exclude<DkmsCall["verb"], "status">, io: Io): Promise<Answer> {
  const { verbTable } = await import("./dkms/verb-table.ts");
  const runner = verbTable[verb];
  const refusal = await guarded(verb, async () => {
    const failure = runner.check?.(session);
    return failure ? { ok: false, error: failure } : succeed(undefined);
  });
  if (!refusal.ok) return answerTo(refusal.error, io);
  const lockTimeoutMs = readLockTimeout(session);
  if (!lockTimeoutMs.ok) return answerTo(lockTimeoutMs.error, io);
  const options = { lockTimeoutMs: lockTimeoutMs.value, emit: tellOfWaiting(session) };
  const work = () => guarded(verb, async () => succeed(await runner.run(session)));
  const locked = await withLock(session.host, options, work);
  const mayGoWithout = runner.lock === "if possible" && !locked.ok && isUnlockable(locked.error);
  const done = mayGoWithout ? await work() : locked;
  if (!done.ok) return answerTo(done.error, io);
  return { exitCode: exitCodeOf(done.value) };
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
  if (/^0+[hms]?$/.test(lockTimeout)) return succeed(0);
  const parsed = parseDuration(lockTimeout);
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

/** What is the same for several kernels is said once. */
function speaker({ options }: DkmsCall, { out, err }: Io): Session["tell"] {
  const noted = new Set<string>();
  let isProgressShown = false;
  return (event) => {
    if (event.type === "notice" && noted.has(event.text)) return;
    if (event.type === "notice") noted.add(event.text);
    const said = courseText(event, { terminal: err.terminal, quiet: options.quiet });
    if (isProgressShown) err.write(noProgressLine);
    isProgressShown = event.type === "progress" && said.err !== "";
    out.write(said.out);
    err.write(said.err);
  };
}

/** dell/dkms's code of the last failure; what dkms.conf excludes counts only if nothing else failed. */
function exitCodeOf(failures: readonly Failure[]): number {
  const last = failures.findLast(({ code }) => code !== "E_EXCLUDED") ?? failures.at(-1);
  return last === undefined ? 0 : codeOf(last);
}

function codeOf({ code, dkmsExit }: Failure): number {
  return code === "E_LOCKED" ? exitCodes.locked.code : dkmsExit;
}

function answerTo(failure: Failure, { err }: Io): Answer {
  return { exitCode: codeOf(failure), err: failureText(failure, err.terminal) };
}
