import type { Command } from "./command.ts";
import type { OptionSpec } from "./shared-options.ts";

/** One command of the program, as the parser, the help, the completion and the manual want it. */
export interface CommandSpec {
  readonly name: string;
  readonly summary: string;
  /** Further sentences of its own help. */
  readonly description: string;
  /** At most one word behind the command's name, as the help shows it: `[name]`, or `<name>` where it must be given. */
  readonly argument?: readonly [flags: string, description: string];
  /** All words that the argument can be, where they are few. */
  readonly argumentValues?: readonly string[];
  readonly options: readonly OptionSpec[];
  /** What `--kernel` takes besides releases. */
  readonly kernelWords?: readonly string[];
  /** What `--json` prints while it works; default: one document at the end. */
  readonly json?: "events";
  /** SIGHUP asks it to read everything anew, and does not end it. */
  readonly reloads?: true;
  /** Complete command lines, each with what it is for. */
  readonly examples: readonly (readonly [string, string])[];
  /** Loads the command's file, which nothing else does. */
  readonly load: () => Promise<Command>;
}
