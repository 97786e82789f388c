import { constants } from "node:os";

/** What a shell sees of a program that has ended by the signal of this name; `undefined` if there is none. */
export function stoppedExitCode(name: unknown): number | undefined {
  const signal = Object.entries(constants.signals).find(([one]) => one === name);
  return signal && 128 + signal[1];
}
