import type { ApplyEvent } from "../apply/event.ts";
import type { LoadedDesired } from "../desired-state/load-desired.ts";
import { startStopwatch } from "../host/stopwatch.ts";
import type { PlanFilter } from "../plan/resolve-wanted.ts";
import { reconcile } from "../reconcile.ts";
import { createReporter } from "./apply-reporter.ts";
import { unknownFilter } from "./check-filter.ts";
import type { Answer, Invocation } from "./command.ts";
import { conclude } from "./conclude.ts";
import { invalidAnswer, loadFor } from "./documents.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { type HookEvent, hookEvents } from "./hook-events.ts";
import { hasNoDocuments } from "./no-documents.ts";
import { noteRefusal } from "./note-refusal.ts";
import { filterOf, onHost } from "./on-host.ts";
import type { OpenedHost } from "./open-host.ts";
import { runOptionsOf } from "./run-options.ts";
import { prepareReport, reportConcluded, reportRefused } from "./run-report.ts";
import type { SharedOptions } from "./shared-options.ts";
import { usageAnswer } from "./usage-answer.ts";

/**
 * Reconciles exactly one kernel, for a package that brings or takes one: the same plan and the same
 * apply as ever, narrowed to it. The package must not fail on our account: what goes wrong is told on stderr and kept in
 * the journal, and the exit code is 0, unless the settings say `hooks: strict`.
 */
export async function hook(invocation: Invocation): Promise<Answer> {
  const { argument, options } = invocation;
  const event = hookEvents.find((one) => one === argument);
  if (!event) {
    const hint = `The events are ${hookEvents.join(", ")}.`;
    return usageAnswer({ message: `There is no event "${argument ?? ""}".`, hint });
  }
  if (options.kernel === undefined) {
    const hint = `For example: dkms-agent hook ${event} --kernel 6.1.0-56-amd64`;
    return usageAnswer({ message: `${event}: no kernel is named.`, hint });
  }
  const { kernel } = options;
  return onHost(invocation, async (opened) => {
    const { exitCode, ...answer } = await answerOf(opened, { invocation: onStderr(invocation), event, kernel });
    const isFailure = exitCode !== exitCodes.ok.code && exitCode !== exitCodes.blocked.code;
    const advice = isFailure && !options.json ? adviceOn(opened, { event, kernel }) : "";
    const isStrict = opened.settings.hooks === "strict";
    return { ...answer, err: (answer.err ?? "") + advice, exitCode: isStrict ? exitCode : exitCodes.ok.code };
  });
}

/** In the scripts of packages stdout may be a protocol; and who watches a package manager wants lines, not a live display. */
function onStderr(invocation: Invocation): Invocation {
  if (invocation.options.json) return invocation;
  const { err } = invocation.io;
  const sink = { write: err.write, terminal: { ...err.terminal, isTerminal: false } };
  return { ...invocation, io: { out: sink, err: sink } };
}

function adviceOn({ settings }: OpenedHost, { event, kernel }: Pick<Hook, "event" | "kernel">): string {
  const ending =
    settings.hooks === "strict"
      ? "The package fails with it (hooks: strict)."
      : "The package is not kept from going on (hooks: lenient).";
  // What is for a kernel that goes is no business of apply.
  const again = event === "kernel-prerm" ? `hook ${event}` : "apply";
  return `dkms-agent: Not everything is as it should be for kernel ${kernel}. ${ending}\nMend it, then run: dkms-agent ${again} --kernel ${kernel}\n`;
}

interface Hook {
  readonly invocation: Invocation;
  readonly event: HookEvent;
  readonly kernel: string;
}

async function answerOf(opened: OpenedHost, given: Hook): Promise<Answer> {
  const { host } = opened;
  const { invocation, event } = given;
  const { options } = invocation;
  const run = { ...runOptions(opened, given), watch: startStopwatch(host) };
  const loaded = await loadFor(host, options);
  const { desired } = loaded;
  if (!desired) {
    if (hasNoDocuments(host, options) || isEmpty(loaded, options)) return { exitCode: exitCodes.ok.code };
    await reportRefused(opened, run, loaded);
    return invalidAnswer(invocation, loaded);
  }
  // A kernel that goes may be gone already.
  const unknown = event === "kernel-prerm" ? undefined : unknownFilter(host, desired, options);
  if (unknown) {
    // Nobody sees it: the one that names the kernel is a script.
    const refusal = { code: "E_USAGE", message: unknown.message, exitCode: undefined };
    noteRefusal(host, { ...run.facts, engine: run.engine, filter: run.filter }, refusal);
    return usageAnswer(unknown);
  }
  const reporter = createReporter(invocation, host.clock);
  const emit = (one: ApplyEvent) => {
    if (!isNothing(one)) reporter.emit(one);
  };
  try {
    for (const diagnostic of loaded.diagnostics) emit({ type: "diagnostic", diagnostic });
    const report = reportConcluded(opened, run, { desired, emit });
    const result = await reconcile(host, desired, { ...run, emit, prepare: prepareReport, report });
    if (!result.ok) {
      await reportRefused(opened, run, { failure: result.error, desired });
      reporter.failure(result.error);
      return { exitCode: exitCodeOf(result.error) };
    }
    return conclude(result.value);
  } finally {
    reporter.end();
  }
}

function runOptions(opened: OpenedHost, { invocation, event }: Hook) {
  const { options } = invocation;
  const usual = runOptionsOf(opened, options);
  const leavesInitramfs = event === "kernel-postinst";
  const filter: PlanFilter = { ...filterOf(invocation), leaving: event === "kernel-prerm", leavesInitramfs };
  const lockTimeoutMs = options.lockTimeoutMs ?? usual.lockTimeoutMs;
  return { ...usual, filter, lockTimeoutMs, facts: { ...usual.facts, command: commandOf(event) } };
}

function commandOf(event: HookEvent): string {
  return `hook ${event}`;
}

/** Kernels come and go on hosts that want nothing, too, and nobody wants to read of it. */
function isNothing(event: ApplyEvent): boolean {
  if (event.type !== "run_complete") return false;
  const { steps, interrupted, remaining } = event.outcome;
  return steps.length === 0 && !interrupted && (remaining?.blocked.length ?? 0) === 0;
}

/** The usual place is there for whoever will ask for something. */
function isEmpty({ diagnostics }: LoadedDesired, { desired, desiredGiven }: SharedOptions): boolean {
  return !desiredGiven && diagnostics.every(({ code, file }) => code === "E_EMPTY" && desired.includes(file));
}
