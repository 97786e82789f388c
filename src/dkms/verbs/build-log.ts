import path from "node:path";
import type { Host } from "../../host/host.ts";
import type { Command, CommandResult } from "../../host/run.ts";
import { isSystemError } from "../../host/system-error.ts";
import type { Failure } from "../failure.ts";
import { type InstanceId, kernelKey, moduleKey } from "../id.ts";
import { ioFailure } from "../io-failure.ts";
import { failedBuildLog } from "../state-layout.ts";

/** The make.log of one build: every command that was run, all its output, how it ended and how long it took. */
export interface BuildLog {
  readonly path: string;
  /** What is in it; of a very long one the beginning and the end. */
  readonly text: () => string;
  /** Whether it is still there, and no other. */
  readonly isIntact: () => boolean;
  /** Runs a command with its output in the log, below a header. `shown` is what a person would have typed. */
  readonly run: (step: LoggedStep, command: Command) => Promise<CommandResult>;
}

export interface LoggedStep {
  readonly title: string;
  readonly shown: string;
}

/** What builds that echo every command write is a tenth of it; a make that goes in a circle has no end. */
export const logLimit = 64 << 20;

/** Of each end. Where memory has run out, reading all of it would take several times its size of what is left. */
export const mostReadOfLog = 2 << 20;

/** Begins a new log. What makes it larger than {@link logLimit} is ended. */
export function openBuildLog({ files, run, clock }: Host, file: string, { module, kernel }: InstanceId): BuildLog {
  const head = `make.log of ${moduleKey(module)} for ${kernelKey(kernel)}, built by dkms-agent\n`;
  files.writeAtomic(file, head);
  return {
    path: file,
    text: () => files.readEnds(file, mostReadOfLog) ?? "",
    isIntact: () => files.readEnds(file, Buffer.byteLength(head))?.startsWith(head) ?? false,
    run: async ({ title, shown }, command) => {
      files.append(file, `\n${title}: ${clock().toISOString()}\n# command: ${shown}\n`);
      const result = await run({ ...command, logFile: file, logLimit });
      const end = result.ending === "exited" ? `exit code: ${result.exitCode}` : `ended: ${result.ending}`;
      const seconds = (result.durationMs / 1000).toFixed(1);
      files.append(file, `\n# ${end}\n# time: ${seconds} s, until ${clock().toISOString()}\n${"-".repeat(64)}\n`);
      return result;
    },
  };
}

/**
 * The failure with the log's place and the lines of it that tell most. The log is kept where the next build does not
 * delete it; if that is impossible, the failure says so, and the line that tells most.
 */
export function keepLog(host: Host, instance: InstanceId, log: BuildLog, failure: Failure): Failure {
  const kept = failedBuildLog(host.paths, instance);
  const tail = tellingLines(log.text());
  try {
    place(host, log.path, kept);
    return { ...failure, log: { path: kept, tail } };
  } catch (error) {
    const { error: why } = ioFailure(error, "keep its log");
    const line = tail.find((one) => /\berror:|\*\*\*/i.test(one)) ?? tail.findLast((one) => !ownLine.test(one));
    const said = line === undefined ? "" : ` It said "${line}".`;
    // There is no log to be read.
    const remedy = /\blog\b/.test(failure.remedy ?? "log") ? why.remedy : failure.remedy;
    return { ...failure, message: `${failure.message}${said} ${why.message}`, ...(remedy !== undefined && { remedy }) };
  }
}

/** What the log says of itself. */
const ownLine = /^($|# |-{20}|make\.log of |[A-Z_]+: \d{4}-)/;

/** By another name for it: a disk may be full, and a log is large. */
function place({ files }: Host, log: string, kept: string): void {
  files.makeDirectory(path.dirname(kept));
  files.remove(kept);
  try {
    files.link(log, kept);
  } catch (error) {
    // A file system of its own, or one without hard links.
    if (!isSystemError(error)) throw error;
    files.copyFile(log, kept);
  }
}

const tailLength = 15;

/** The lines around the first error of a compiler or of make, which parallel builds bury; else the last ones. */
export function tellingLines(text: string): readonly string[] {
  const end = text.trimEnd().length;
  const compiler = text.search(/\berror:/i);
  const first = compiler >= 0 ? compiler : text.indexOf("***");
  const last = lineBefore(text, end, tailLength);
  const start = first < 0 ? last : Math.min(last, lineBefore(text, first, 4));
  return text
    .slice(start, end)
    .split("\n", tailLength)
    .map((line) => line.slice(0, longestLine));
}

const longestLine = 2000;

/** Where the line begins that is so many lines up, the line of the place counted; a log may be too long to be split. */
function lineBefore(text: string, place: number, lines: number): number {
  let start = place;
  for (let line = 0; line < lines && start > 0; line++) start = text.lastIndexOf("\n", start - 1);
  return start <= 0 ? 0 : start + 1;
}
