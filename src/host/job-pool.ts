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
  /** The run is to stop: nobody who waits gets a slot any more. Who has one keeps it. */
  readonly giveUp: () => void;
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

function createPool(fifo: Fifo, jobs: number, signal: AbortSignal): JobPool {
  const slots = fillSlots(fifo, jobs);
  const stop = listenForAbort(signal);
  let isFixed = false;
  let closing = false;
  const take = async (count: number) => {
    const turn = slots.wait(count);
    const isMine = await Promise.race([turn.then(() => true), stop.came]);
    slots.hold();
    const giveBack = () => slots.release(count);
    if (isMine && !stop.hasCome()) return { giveBack };
    void turn.then(giveBack);
    return undefined;
  };
  return {
    env: { MAKEFLAGS: ` -j --jobserver-auth=${place},${place}` },
    descriptor: fifo.shared,
    enter: `exec ${place}<&3 3<&-`,
    take: () => take(1),
    // Whoever else wants one waits behind: two that want all cannot keep them from each other.
    takeAll: () => {
      isFixed = true;
      return take(slots.count());
    },
    widen: () => {
      if (!isFixed && !closing) slots.add();
    },
    giveUp: stop.come,
    close: async () => {
      closing = true;
      stop.end();
      await slots.letThrough();
      for (const descriptor of [fifo.shared, fifo.own, fifo.drain]) fs.closeSync(descriptor);
    },
  };
}

/** The bytes of a FIFO, one for each slot, and who has them. */
interface Slots {
  readonly count: () => number;
  readonly add: () => void;
  /** Ends when as many have been taken out. Who waits stands behind all who do already. */
  readonly wait: (count: number) => Promise<void>;
  /** That somebody has, or will have, what was waited for: as often as `release` is called. */
  readonly hold: () => void;
  readonly release: (count: number) => void;
  /** Ends when nobody waits any more; from here on there are more than enough. */
  readonly letThrough: () => Promise<void>;
}

function fillSlots({ own, drain }: Fifo, atFirst: number): Slots {
  let all = atFirst;
  let holders = 0;
  let isOver = false;
  let lastTurn: Promise<void> = Promise.resolve();
  const put = (count: number) => {
    fs.writeSync(own, "+".repeat(count));
  };
  put(all);
  return {
    count: () => all,
    add: () => {
      all += 1;
      put(1);
    },
    wait: (count) => {
      // One reader at a time, since each waits in a thread of its own, of which Node has four.
      lastTurn = lastTurn.then(async () => {
        await readBytes(own, count);
        // The pool may have been filled up meanwhile: whoever has all of them is alone.
        if (count === all) empty(drain);
      });
      return lastTurn;
    },
    hold: () => {
      holders += 1;
    },
    release: (count) => {
      holders -= 1;
      if (holders > 0 || isOver) return put(count);
      // A make that was killed keeps what it had taken. When nobody holds anything, the pool is known to be full.
      empty(drain);
      put(all);
    },
    letThrough: () => {
      isOver = true;
      put(all + 64);
      return lastTurn;
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

interface Stop {
  /** False, as soon as the signal is aborted or `come` is called. */
  readonly came: Promise<false>;
  readonly hasCome: () => boolean;
  readonly come: () => void;
  /** Until then the signal holds a listener. */
  readonly end: () => void;
}

function listenForAbort(signal: AbortSignal): Stop {
  let tell = () => {};
  let hasCome = false;
  const came = new Promise<false>((resolve) => {
    tell = () => resolve(false);
  });
  const come = () => {
    hasCome = true;
    tell();
  };
  if (signal.aborted) come();
  else signal.addEventListener("abort", come, { once: true });
  return { came, hasCome: () => hasCome, come, end: () => signal.removeEventListener("abort", come) };
}

function empty(descriptor: number): void {
  const bytes = Buffer.alloc(4096);
  try {
    while (fs.readSync(descriptor, bytes) > 0);
  } catch (error) {
    if (!(isSystemError(error) && error.code === "EAGAIN")) throw error;
  }
}
