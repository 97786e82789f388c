import type { Writable } from "node:stream";

/** One process to start. Never a shell line: where DKMS demands bash, `file` is bash and says so. */
export interface Command {
  /** A program's name, looked up in PATH, or its path. */
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Added to the known environment (PATH, LC_ALL=C, HOME, the run's mark); nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Stdout and stderr are appended to this file, in order, instead of being captured. */
  readonly logFile?: string;
  /** Where the program writes a log by itself, for {@link logLimit} alone. */
  readonly ownLog?: string;
  /** How many bytes the log may hold; a program that writes more is ended, and the file cut. Default: any number. */
  readonly logLimit?: number;
  readonly input?: string;
  /** Goes to stdin piece by piece, as fast as the program takes it. What it throws, the run throws. */
  readonly feed?: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** An open descriptor that gets stdout, instead of its being captured. */
  readonly outputTo?: number;
  /**
   * Gets stdout as fast as it takes it, instead of its being captured, and is not ended. Once closed, it ends the
   * program.
   */
  readonly output?: Writable;
  /** Run to the end even if the host has been asked to stop: for short programs that leave the tree consistent. */
  readonly evenWhenStopping?: boolean;
  /**
   * It answers the same for as long as all that the host has been asked for looks the same: whoever starts it has looked at
   * everything that it reads.
   */
  readonly isRepeatable?: boolean;
  /** What it prints is noted, and whoever counts on that asks it again. For a short program without arguments. */
  readonly isNoted?: boolean;
  /** Called once the process runs: for work that need not wait for its end. It must not throw. */
  readonly meanwhile?: (() => void) | undefined;
  /** It prints nothing that anybody reads, and takes no memory to speak of: neither is looked at. */
  readonly isBrief?: boolean;
  /** Open descriptors that the child gets as fd 3, 4, … */
  readonly descriptors?: readonly number[];
}

/** How a process ended. A process that fails is a value, never a throw. */
export interface CommandResult {
  /**
   * `exited`: see exitCode. `missing`: no such program. `timeout`: ended by us. `cancelled`: the host's signal. `flood`:
   * logLimit.
   */
  readonly ending: "exited" | "killed" | "missing" | "timeout" | "cancelled" | "flood";
  /** The exit code; -1 unless `ending` is `exited`. */
  readonly exitCode: number;
  /** The first 16 MiB of each; empty when a log file took them. */
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
  /**
   * Of what failed: whether the kernel has ended a program meanwhile, of this run or of others beside it, since memory had
   * run out; `undefined` where it does not count, and of what is brief.
   */
  readonly oomKilled?: boolean;
}

/** Starts a process in a process group of its own and waits for its end. */
export type Run = (command: Command) => Promise<CommandResult>;
