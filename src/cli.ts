import path from "node:path";
import process from "node:process";
import type { Answer } from "./commands/command.ts";
import { exitCodes } from "./commands/exit-codes.ts";
import type { Io, Sink } from "./commands/io.ts";
import type { JsonForm } from "./commands/program.ts";
import { optimizeLate } from "./host/optimize-late.ts";
import { isTerminal, type OutputDescriptor, writeOutput } from "./host/standard-output.ts";
import { stoppedExitCode } from "./host/stopped-exit-code.ts";
import type { Terminal } from "./report/terminal.ts";

const [, script = "", ...args] = process.argv;

// Whatever the caller's umask is, everybody can read what is built and installed, as with dell/dkms.
process.umask(0o022);
main(script, args).catch(explainBug).then(end);

/** An exit code, or the signal that the program was asked to stop with. */
type Ending = number | NodeJS.Signals;

/** Everything is written by now; to take down Node's heap in good order would only take time. */
function end(ending: Ending): void {
  if (typeof ending === "number") process.exit(ending);
  process.kill(process.pid, ending);
  // The kernel spares the first process of a container.
  process.exit(stoppedExitCode(ending) ?? exitCodes.failed.code);
}

/** Arguments to ending. */
async function main(startedAs: string, given: readonly string[]): Promise<Ending> {
  const io = (color: boolean) => ({ out: sinkOf("stdout", color), err: sinkOf("stderr", color) });
  const isDkms = path.basename(startedAs) === "dkms";
  if (isDkms || given[0] === "dkms") {
    const { dkms } = await import("./commands/dkms.ts");
    const plain = io(false);
    return obeySignals(async (signal) =>
      say(await dkms(isDkms ? given : given.slice(1), { io: plain, signal }), plain),
    );
  }
  const { parseCommandLine } = await import("./commands/program.ts");
  const parsed = parseCommandLine(given);
  if (parsed.kind === "words") return say(parsed.json ? await inJson(parsed, parsed.json) : parsed, io(false));
  const { load, options, own, argument, json, reloads } = parsed;
  optimizeLate();
  const plain = io(options.color);
  const here = process.env.JOURNAL_STREAM === undefined ? plain : await inJournal(plain, options.json);
  return obeySignals(async (signal) => {
    const work = async () => (await load())({ options, own, argument, io: here, signal });
    if (!options.json) return say(await work(), here);
    return say(await inJson(await work().catch(bugFound), json, plain.out.isBegun), here);
  }, reloads);
}

/** A service of systemd: what fails is to be found by its priority. JSON stays as it is. */
async function inJournal(io: Io, isJson: boolean): Promise<Io> {
  const [{ isJournal }, { journalIo }] = await Promise.all([
    import("./host/is-journal.ts"),
    import("./commands/journal-io.ts"),
  ]);
  return journalIo(io, { out: !isJson && isJournal(1), err: isJournal(2) });
}

/** Whoever asked for JSON gets JSON, also about why there is no result. */
async function inJson(answer: Answer, form: JsonForm, isBegun = false): Promise<Answer> {
  if (!answer.problems || answer.out !== undefined) return answer;
  const { problemsAnswer } = await import("./commands/problems-answer.ts");
  return problemsAnswer(answer, answer.problems, { form, isBegun });
}

function say({ exitCode, out, err }: Answer, io: Io): number {
  io.err.write(err ?? "");
  io.out.write(out ?? "");
  return exitCode;
}

/**
 * Asks the work to stop, and lets it end: a second signal does not hurry past its clean-up. What was stopped before it was
 * through ends by the signal then, so that whoever has started it (a shell, systemd, make) can tell that from a failure.
 */
async function obeySignals(work: (signal: AbortSignal) => Promise<number>, reloads = false): Promise<Ending> {
  const controller = new AbortController();
  const signals = (["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const).filter((name) => !reloads || name !== "SIGHUP");
  let asked: NodeJS.Signals | undefined;
  const stop = (name: NodeJS.Signals) => {
    asked ??= name;
    controller.abort(name);
  };
  for (const name of signals) process.on(name, stop);
  try {
    const code = await work(controller.signal);
    return code === exitCodes.ok.code ? code : (asked ?? code);
  } finally {
    for (const name of signals) process.off(name, stop);
  }
}

interface Output extends Sink {
  /** Whether anything was written. */
  readonly isBegun: boolean;
}

function sinkOf(name: "stdout" | "stderr", color: boolean): Output {
  const descriptor = name === "stdout" ? 1 : 2;
  let closed = false;
  let isBegun = false;
  let terminal: Terminal | undefined;
  return {
    write: (text) => {
      isBegun ||= text !== "";
      const refused = text === "" || closed ? undefined : writeOutput(descriptor, text);
      if (!refused) return;
      closed = true;
      // The reader of a pipe has seen enough; that is its right.
      if (refused.code !== "EPIPE") outputFailed(descriptor, refused);
    },
    get isBegun() {
      return isBegun;
    },
    get terminal() {
      terminal ??= terminalOf(name, color);
      return terminal;
    },
  };
}

/** Colours for people alone: not in pipes, not where NO_COLOR is set (no-color.org), not on a dumb terminal. */
function terminalOf(name: "stdout" | "stderr", color: boolean): Terminal {
  const isWatched = isTerminal(name === "stdout" ? 1 : 2) && process.env.TERM !== "dumb";
  return {
    get columns() {
      return isWatched ? process[name].columns || 80 : Number.POSITIVE_INFINITY;
    },
    get rows() {
      return isWatched ? process[name].rows || 24 : Number.POSITIVE_INFINITY;
    },
    color: color && isWatched && (process.env.NO_COLOR ?? "") === "",
    isTerminal: isWatched,
  };
}

/** A full disk must not leave half a document and a good exit code. */
function outputFailed(descriptor: OutputDescriptor, { message }: Error): void {
  if (descriptor !== 2) writeOutput(2, `dkms-agent: The output could not be written: ${message}.\n`);
  process.once("exit", () => {
    process.exitCode = exitCodes.failed.code;
  });
}

/** The final catch: what comes here should have been a Failure. */
async function explainBug(error: unknown): Promise<number> {
  if (isDirectoryGone(error)) {
    writeOutput(2, "dkms-agent: The current directory does not exist any more. Change to another one.\n");
    return exitCodes.failed.code;
  }
  const { exitCode, err = "" } = await bugFound(error);
  writeOutput(2, err);
  return exitCode;
}

async function bugFound(error: unknown): Promise<Answer> {
  if (isDirectoryGone(error)) throw error;
  const { bugAnswer } = await import("./commands/bug-answer.ts");
  return bugAnswer(error, { verbose: args.includes("-vv") });
}

function isDirectoryGone(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && error.syscall === "uv_cwd";
}
