import type { DiagnosticDocument } from "../contract/parts.ts";
import type { Io } from "./io.ts";
import type { OptionValues, SharedOptions } from "./shared-options.ts";

/** What a command is given. */
export interface Invocation {
  readonly options: SharedOptions;
  /** The options of this command alone, as the command line parser left them. */
  readonly own: OptionValues;
  /** The word behind the command's name, if there is one. */
  readonly argument: string | undefined;
  /** For what must be seen before the end; everything else is in the answer. */
  readonly io: Io;
  /** Aborted when the program has been asked to stop. */
  readonly signal: AbortSignal;
}

/** What a command ends with. Its texts are complete, newline included. */
export interface Answer {
  readonly exitCode: number;
  readonly out?: string;
  readonly err?: string;
  /** Why there is no result: with `--json` it goes to stdout in the place of one. */
  readonly problems?: readonly DiagnosticDocument[];
}

export type Command = (invocation: Invocation) => Promise<Answer>;
