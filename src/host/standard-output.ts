import fs from "node:fs";
import { isatty } from "node:tty";
import { isSystemError, type SystemError } from "./system-error.ts";

/** Descriptors of stdout and stderr. */
export type OutputDescriptor = 1 | 2;

/**
 * Writes all of a text to stdout or stderr before it returns. Node's streams do the same for files, pipes and terminals,
 * but making one costs a short command a twentieth of its time. Answers with what the system refused, if it did.
 */
export function writeOutput(descriptor: OutputDescriptor, text: string): SystemError | undefined {
  let rest: Uint8Array = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(fs.writeSync(descriptor, rest));
    } catch (error) {
      if (!isSystemError(error)) throw error;
      if (error.code !== "EAGAIN") return error;
      // Somebody has made the pipe non-blocking, and its reader is slow.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  }
  return undefined;
}

const pauseMs = 2;

/** Whether somebody watches. */
export function isTerminal(descriptor: OutputDescriptor): boolean {
  const stat = fs.fstatSync(descriptor);
  return stat.isCharacterDevice() && major(stat.rdev) !== memoryDevices && isatty(descriptor);
}

/** Of /dev/null and its like, to which most of what nobody watches goes: to ask whether it is a terminal takes a while. */
const memoryDevices = 1;

function major(device: number): number {
  return (device >> 8) & 0xfff;
}
