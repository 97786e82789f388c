import type { Terminal } from "../report/terminal.ts";

/** Where a command's words go. */
export interface Sink {
  /** Never throws; what a closed pipe does not take is dropped. */
  readonly write: (text: string) => void;
  readonly terminal: Terminal;
}

export interface Io {
  readonly out: Sink;
  readonly err: Sink;
}
