import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import process from "node:process";
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { monotonicMs } from "./monotonic-ms.ts";
import { findOomCounter } from "./oom-kills.ts";
import type { Command, CommandResult, Run } from "./run.ts";
import { commandMark, runMark } from "./run-mark.ts";
import { isSystemError } from "./system-error.ts";

export interface RunSettings {
  /** Goes into the environment of every process: see end-run.ts. */
  readonly mark: string;
  /** Becomes the child's PATH, and is where `file` is looked up. */
  readonly searchPath: string;
  /** When aborted, running processes are ended and new ones are not started. */
  readonly signal: AbortSignal;
}

/** Output beyond this is dropped from the result; a log file gets all of it. */
const captureLimit = 16 << 20;
/** Between the polite signal and the one that cannot be refused. */
const graceMs = 3000;
/** How long output is still read after the program itself has ended, while a descendant keeps the pipe open. */
const lingerMs = 250;
/** How often it is looked how much a program has written into its log; a hundred megabytes may come in between. */
const logWatchMs = 100;

/**
 * Starts processes with an argument array, a time limit, a process group of their own and a known environment. A
 * timeout or the signal ends the whole group, so that neither a hung make nor its compilers survive; and what has left the
 * group, as daemons do, as long as it has kept its environment. What a command leaves behind that has ended by itself stays:
 * a cache of compilers serves the next builds too.
 */
export function createRun({ searchPath, signal, mark }: RunSettings): Run {
  let commands = 0;
  let oomKills: (() => number | undefined) | undefined;
  return async (command) => {
    const nothing = { exitCode: -1, stdout: "", stderr: "", durationMs: 0 };
    if (signal.aborted && !command.evenWhenStopping) return { ...nothing, ending: "cancelled" };
    const log = command.logFile === undefined ? undefined : fs.openSync(command.logFile, "a", 0o644);
    oomKills ??= command.isBrief ? undefined : findOomCounter();
    const killsBefore = command.isBrief ? undefined : oomKills?.();
    const own = commandMark(mark, ++commands);
    try {
      const child = startChild(command, { searchPath, mark: own, log });
      const ended = waitFor(child, { command, signal, log });
      command.meanwhile?.();
      const result = await ended;
      if (!["exited", "killed"].includes(result.ending)) await (await import("./end-run.ts")).endRun(own);
      // Only now does nobody write into it any more.
      if (result.ending === "flood") cutLog(command, log);
      return { ...result, ...(hasFailed(result) && oomKilledSince(killsBefore, oomKills?.())) };
    } catch (error) {
      // What is fed to it may be gone too.
      if (isSystemError(error) && error.code === "ENOENT" && error.syscall.startsWith("spawn"))
        return { ...nothing, ending: "missing" };
      throw error;
    } finally {
      if (log !== undefined) fs.closeSync(log);
    }
  };
}

function hasFailed({ ending, exitCode }: CommandResult): boolean {
  return ending === "killed" || (ending === "exited" && exitCode !== 0);
}

function oomKilledSince(before: number | undefined, now: number | undefined): Pick<CommandResult, "oomKilled"> {
  return before === undefined || now === undefined ? {} : { oomKilled: now > before };
}

interface ChildSettings extends Omit<RunSettings, "signal"> {
  readonly log: number | undefined;
}

function startChild(command: Command, { searchPath, mark, log }: ChildSettings) {
  const child = spawn(command.file, [...command.args], {
    cwd: command.cwd ?? "/",
    env: { PATH: searchPath, LC_ALL: "C", HOME: "/root", ...command.env, [runMark]: mark },
    detached: true,
    stdio: [
      command.input === undefined && command.feed === undefined ? "ignore" : "pipe",
      log ?? command.outputTo ?? (command.isBrief ? "ignore" : "pipe"),
      log ?? "pipe",
      ...(command.descriptors ?? []),
    ],
  });
  // A program that ends without reading its input must not end us.
  child.stdin?.on("error", () => {});
  if (command.feed === undefined) child.stdin?.end(command.input);
  return child;
}

interface Waiting {
  readonly command: Command;
  readonly signal: AbortSignal;
  readonly log: number | undefined;
}

async function waitFor(child: ChildProcess, { command, signal, log }: Waiting): Promise<CommandResult> {
  const started = monotonicMs();
  let stopped: "timeout" | "cancelled" | "flood" | undefined;
  let force: NodeJS.Timeout | undefined;
  const stop = (why: "timeout" | "cancelled" | "flood") => {
    stopped ??= why;
    // What writes without end would fill the disk while it is asked.
    signalGroup(child, why === "flood" ? "SIGKILL" : "SIGTERM");
    force ??= setTimeout(() => signalGroup(child, "SIGKILL"), graceMs);
  };
  const cancel = () => stop("cancelled");
  const timer = setTimeout(() => stop("timeout"), command.timeoutMs);
  const { logLimit } = command;
  const isFlooded = () => logLimit !== undefined && logSize(command, log) > logLimit;
  const watch = logLimit === undefined ? undefined : setInterval(() => isFlooded() && stop("flood"), logWatchMs);
  if (!command.evenWhenStopping) signal.addEventListener("abort", cancel, { once: true });
  const stdout = command.output ? passOn(child.stdout, command.output, () => stop("cancelled")) : capture(child.stdout);
  const stderr = capture(child.stderr);
  try {
    const feeding = feed(child, command.feed, () => stop("cancelled"));
    const exitCode = await exitOf(child);
    if (isFlooded()) stop("flood");
    const fault = await feeding;
    if (fault) throw fault.thrown;
    await Promise.all([stdout.finished(), stderr.finished()]);
    const ending = stopped ?? (exitCode === undefined ? "killed" : "exited");
    const durationMs = monotonicMs() - started;
    return {
      ending,
      exitCode: stopped ? -1 : (exitCode ?? -1),
      stdout: stdout.text(),
      stderr: stderr.text(),
      durationMs,
    };
  } finally {
    clearTimeout(timer);
    clearTimeout(force);
    clearInterval(watch);
    signal.removeEventListener("abort", cancel);
    // What the program left running in its group (a hung compiler, a daemon) ends with it.
    if (stopped) signalGroup(child, "SIGKILL");
  }
}

function logSize({ ownLog }: Command, log: number | undefined): number {
  if (log !== undefined) return fs.fstatSync(log).size;
  return ownLog === undefined ? 0 : (fs.statSync(ownLog, { throwIfNoEntry: false })?.size ?? 0);
}

function cutLog({ ownLog, logLimit }: Command, log: number | undefined): void {
  if (log !== undefined) fs.ftruncateSync(log, logLimit);
  else if (ownLog !== undefined && fs.existsSync(ownLog)) fs.truncateSync(ownLog, logLimit);
}

interface FeedFault {
  readonly thrown: unknown;
}

/** What the source threw. That the program takes no more is no fault: its exit code tells. */
async function feed(
  { stdin }: ChildProcess,
  source: Command["feed"],
  stop: () => void,
): Promise<FeedFault | undefined> {
  if (!source || !stdin) return undefined;
  const faults: FeedFault[] = [];
  const note = (fault: FeedFault) => {
    faults.push(fault);
    stop();
  };
  await pipeline(noting(source, note), stdin).catch(() => {});
  return faults[0];
}

async function* noting(
  source: NonNullable<Command["feed"]>,
  note: (fault: FeedFault) => void,
): AsyncGenerator<Uint8Array, undefined> {
  try {
    yield* source;
  } catch (thrown) {
    note({ thrown });
    throw thrown;
  }
}

/** The exit code; `undefined` if a signal ended it. Rejects if it could not be started. */
function exitOf(child: ChildProcess): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? undefined));
  });
}

function signalGroup(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // The group is gone: that is what was wanted.
  }
}

interface Output {
  readonly text: () => string;
  readonly finished: () => Promise<void>;
}

function passOn(stream: Readable | null, output: Writable, stop: () => void): Output {
  const passed = stream ? pipeline(stream, output, { end: false }).catch(stop) : Promise.resolve();
  return { text: () => "", finished: () => passed };
}

function capture(stream: Readable | null): Output {
  const pieces: Buffer[] = [];
  let size = 0;
  stream?.on("data", (piece: Buffer) => {
    if (size < captureLimit) pieces.push(piece.subarray(0, captureLimit - size));
    size += piece.length;
  });
  return {
    text: () => Buffer.concat(pieces).toString("utf8"),
    finished: () =>
      new Promise((resolve) => {
        if (!stream || stream.closed) return resolve();
        const linger = setTimeout(() => stream.destroy(), lingerMs);
        stream.once("close", () => {
          clearTimeout(linger);
          resolve();
        });
      }),
  };
}
