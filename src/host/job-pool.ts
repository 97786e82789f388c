import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import type { Host } from "./host.ts";
import { temporaryPrefix } from "./local-files.ts";
import { isSystemError } from "./system-error.ts";

/**
 * One pool of job slots for all builds of a run, in the form that GNU make shares between its own sub-makes: a FIFO
 * with one byte for each free slot. Whoever wants to run a job takes a byte out, and puts it back after.
 */
export interface JobPool {
  /** What a `make` needs to take part: this environment, and the descriptor at its place. No -j on its command line. */
  readonly env: Readonly<Record<string, string>>;
  readonly descriptor: number;
  /** A command for bash, which has the descriptor as its fd 3: brings it to its place. */
  readonly enter: string;
  /** Waits for a slot, which is the one that a started make counts as its own; `undefined` if the run is to stop. */
  readonly take: () => Promise<Slot | undefined>;
  /** One slot more from now on; but not in a run in which a build had to be alone. */
  readonly widen: () => void;
  /** Waits for all of them, so that no other build goes on; `undefined` if the run is to stop. */
  readonly takeAll: () => Promise<Slot | undefined>;
  /** Waits for nothing but its own reading. No build may be running any more. */
  readonly close: () => Promise<void>;
}

export interface Slot {
  readonly giveBack: () => void;
}

export interface JobPoolRequest {
  /** Where the FIFO gets a name for a moment; must exist. */
  readonly directory: string;
  /** How many jobs may run at once; at least 1. */
  readonly jobs: number;
}

/** A pool with all its slots free; `undefined` where no FIFO can be made. */
export async function openJobPool(host: Pick<Host, "run" | "signal">, request: JobPoolRequest) {
  const fifo = await openFifo(host, request.directory);
  return fifo && createPool(fifo, request.jobs, host.signal);
}

const fifoTimeoutMs = 10_000;

/**
 * The descriptor by which every make knows the FIFO. Shell scripts between us and make use what has one digit for
 * themselves (`exec 3>log`), and bash what it chooses by itself from 10 up or from 63 down.
 */
const place = 40;

/** Whether reading waits is a property of each opening, not of the FIFO. */
interface Fifo {
  /** For every make; GNU make 4.3 may set it to not waiting. */
  readonly shared: number;
  /** For us, and waiting. */
  readonly own: number;
  /** For us, and not waiting. */
  readonly drain: number;
}

async function openFifo({ run }: Pick<Host, "run">, directory: string): Promise<Fifo | undefined> {
  const name = path.join(directory, `${temporaryPrefix}${randomBytes(6).toString("hex")}`);
  const made = await run({ file: "mkfifo", args: ["-m", "600", name], timeoutMs: fifoTimeoutMs });
  if (made.ending !== "exited" || made.exitCode !== 0) return undefined;
  const opened: number[] = [];
  const open = (flags: string | number) => {
    const descriptor = fs.openSync(name, flags);
    opened.push(descriptor);
    return descriptor;
  };
  try {
    const fifo = { shared: open("r+"), own: open("r+"), drain: open(fs.constants.O_RDONLY | fs.constants.O_NONBLOCK) };
    fs.unlinkSync(name);
    return fifo;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    // Builds can go on one after the other; the name goes with the next run's sweep.
    for (const descriptor of opened) fs.closeSync(descriptor);
    return undefined;
  }
}

function createPool({ shared, own, drain }: Fifo, atFirst: number, signal: AbortSignal): JobPool {
  let jobs = atFirst;
  let isFixed = false;
  let holders = 0;
  let closing = false;
  let lastTurn: Promise<void> = Promise.resolve();
  const put = (slots: number) => {
    fs.writeSync(own, "+".repeat(slots));
  };
  const release = (slots: number) => {
    holders -= 1;
    if (holders > 0 || closing) return put(slots);
    // A make that was killed keeps what it had taken. When nobody holds anything, the pool is known to be full.
    empty(drain);
    put(jobs);
  };
  const take = async (slots: number) => {
    // One reader at a time, since each waits in a thread of its own, of which Node has four.
    const turn = lastTurn.then(async () => {
      await readBytes(own, slots);
      // The pool may have been filled up meanwhile: whoever has all of them is alone.
      if (slots === jobs) empty(drain);
    });
    lastTurn = turn;
    const abort = listenForAbort(signal);
    const isMine = await Promise.race([turn.then(() => true), abort.came]);
    abort.end();
    holders += 1;
    if (isMine && !signal.aborted) return { giveBack: () => release(slots) };
    void turn.then(() => release(slots));
    return undefined;
  };
  put(jobs);
  return {
    env: { MAKEFLAGS: ` -j --jobserver-auth=${place},${place}` },
    descriptor: shared,
    enter: `exec ${place}<&3 3<&-`,
    take: () => take(1),
    // Whoever else wants one waits behind: two that want all cannot keep them from each other.
    takeAll: () => {
      isFixed = true;
      return take(jobs);
    },
    widen: () => {
      if (isFixed || closing) return;
      jobs += 1;
      put(1);
    },
    close: async () => {
      closing = true;
      // Lets those through that still wait for a slot although nobody wants it any more.
      put(jobs + 64);
      await lastTurn;
      for (const descriptor of [shared, own, drain]) fs.closeSync(descriptor);
    },
  };
}

async function readBytes(descriptor: number, count: number): Promise<void> {
  for (let read = 0; read < count; read++) await readByte(descriptor);
}

function readByte(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.read(descriptor, Buffer.alloc(1), 0, 1, null, (error) => (error ? reject(error) : resolve()));
  });
}

/** `came` is false as soon as the signal is aborted; until `end`, the signal holds a listener. */
function listenForAbort(signal: AbortSignal): { readonly came: Promise<false>; readonly end: () => void } {
  let listener = () => {};
  const came = new Promise<false>((resolve) => {
    listener = () => resolve(false);
  });
  if (signal.aborted) listener();
  else signal.addEventListener("abort", listener, { once: true });
  return { came, end: () => signal.removeEventListener("abort", listener) };
}

function empty(descriptor: number): void {
  const bytes = Buffer.alloc(4096);
  try {
    while (fs.readSync(descriptor, bytes) > 0);
  } catch (error) {
    if (!(isSystemError(error) && error.code === "EAGAIN")) throw error;
  }
}
