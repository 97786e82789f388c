import type { ApplyEvent, Emit } from "../apply/event.ts";
import type { Failure } from "../dkms/failure.ts";
import { monotonicMs } from "../host/monotonic-ms.ts";
import { createApplyText } from "../report/apply-text.ts";
import { eventLine, failureLine, versionLine } from "../report/event-line.ts";
import { failureText } from "../report/failure-text.ts";
import { createLiveProgress } from "../report/live-progress.ts";
import type { Invocation } from "./command.ts";
import { toolVersion } from "./tool-version.ts";

/** Says what an apply does while it does it. */
export interface ApplyReporter {
  readonly emit: Emit;
  /** Why nothing could be attempted. */
  readonly failure: (failure: Failure) => void;
  /** The program was asked to stop, and will. */
  readonly stopping: (signal: string) => void;
  readonly end: () => void;
}

/**
 * `toldBlocked`: what `--quiet` need not say again, as reason by address. JSON lines with `--json`; live progress on a
 * terminal; plain lines everywhere else.
 */
export function createReporter(
  invocation: Invocation,
  clock: () => Date,
  toldBlocked: ReadonlyMap<string, string> = new Map(),
): ApplyReporter {
  if (invocation.options.json) return jsonReporter(invocation, clock);
  const { terminal } = invocation.io.out;
  const live = terminal.isTerminal && invocation.io.err.terminal.isTerminal && !invocation.options.quiet;
  return textReporter(invocation, { isLive: live, toldBlocked });
}

function jsonReporter({ io }: Invocation, clock: () => Date): ApplyReporter {
  io.out.write(versionLine(toolVersion, clock()));
  return {
    emit: (event) => io.out.write(eventLine(event, clock())),
    failure: (failure) => io.out.write(failureLine(failure, clock())),
    stopping: (signal) => io.err.write(stoppingText(signal)),
    end: () => {},
  };
}

interface TextOptions {
  readonly isLive: boolean;
  readonly toldBlocked: ReadonlyMap<string, string>;
}

function textReporter({ io, options, own }: Invocation, { isLive, toldBlocked }: TextOptions): ApplyReporter {
  const { quiet, verbosity } = options;
  const terminals = { out: io.out.terminal, err: io.err.terminal };
  const say = createApplyText(terminals, { quiet, toldBlocked, verbose: verbosity > 0, planShown: own.ask === true });
  const { write, terminal } = io.out;
  const live = isLive ? createLiveProgress({ write, terminal, now: monotonicMs }) : undefined;
  const around = live?.around ?? ((speak: () => void) => speak());
  const emit = (event: ApplyEvent) => {
    live?.note(event);
    const said = say(event);
    if (said.out === "" && said.err === "") return;
    around(() => {
      io.err.write(said.err);
      io.out.write(said.out);
    });
  };
  const onErr = (text: string) => around(() => io.err.write(text));
  return {
    emit,
    failure: (failure) => onErr(failureText(failure, terminals.err)),
    stopping: (signal) => onErr(stoppingText(signal)),
    end: () => live?.end(),
  };
}

function stoppingText(signal: string): string {
  return `Stopping (${signal}): running builds are ended, and what was begun is left consistent.\n`;
}
