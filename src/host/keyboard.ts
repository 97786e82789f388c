import process from "node:process";
import { createInterface } from "node:readline";
import { isatty } from "node:tty";

/** Whether somebody who can answer is there. */
export function hasKeyboard(): boolean {
  return isatty(0);
}

/** The next line that is typed; `undefined` if the input ends, or the program is asked to stop, before there is one. */
export function readLine(signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    // Not as a terminal: Ctrl-C stays a signal, and the terminal itself lets the line be edited.
    const lines = createInterface({ input: process.stdin, terminal: false });
    const stop = () => lines.close();
    let typed: string | undefined;
    lines.once("line", (line) => {
      typed = line;
      lines.close();
    });
    lines.once("close", () => {
      signal.removeEventListener("abort", stop);
      resolve(typed);
    });
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
  });
}
