import path from "node:path";
import { claimTree } from "../daemon/claim-tree.ts";
import type { DaemonNote } from "../daemon/daemon-note.ts";
import type { Orders } from "../daemon/daemon-parts.ts";
import { runDaemon } from "../daemon/run-daemon.ts";
import type { DesiredModule } from "../desired-state/desired-state.ts";
import { settingsPlace } from "../desired-state/settings.ts";
import { readMachineId } from "../dkms/machine-id.ts";
import { findCaller } from "../host/caller.ts";
import { monotonicMs } from "../host/monotonic-ms.ts";
import { findServiceManager } from "../host/service-manager.ts";
import { daemonLine, daemonStatus, daemonWords } from "../report/daemon-line.ts";
import { problemLines, versionLine } from "../report/event-line.ts";
import { failureText } from "../report/failure-text.ts";
import { unknownFilter } from "./check-filter.ts";
import type { Answer, Invocation } from "./command.ts";
import { loadFor } from "./documents.ts";
import { exitCodes } from "./exit-codes.ts";
import { failedAnswer } from "./failed-answer.ts";
import { failureRefusal, noteRefusal } from "./note-refusal.ts";
import { onHost } from "./on-host.ts";
import { type OpenedHost, openHost } from "./open-host.ts";
import { toolVersion } from "./tool-version.ts";
import { usageAnswer } from "./usage-answer.ts";

/** Stays, and applies the documents by a schedule and whenever something changes, until it is asked to stop. */
export async function daemon(invocation: Invocation): Promise<Answer> {
  return onHost(invocation, (opened) => stay(opened, invocation));
}

async function stay(opened: OpenedHost, invocation: Invocation): Promise<Answer> {
  const { host } = opened;
  // Each run would only say again what is wrong with the command line.
  const { desired } = await loadFor(host, invocation.options);
  const unknown = desired && unknownFilter(host, desired, invocation.options);
  if (unknown) return usageAnswer(unknown);
  const claim = await claimTree(host);
  if (!claim.ok) {
    // None of its runs: what the next apply does is not touched by it.
    const facts = { caller: findCaller(), command: "daemon", toolVersion };
    noteRefusal(host, facts, failureRefusal(claim.error));
    return failedAnswer(claim.error, invocation.io);
  }
  const tenancy: Tenancy = { opened, release: claim.value, modules: [] };
  if (invocation.options.json) invocation.io.out.write(versionLine(toolVersion, host.clock()));
  try {
    await runDaemon({
      orders: () => readOrders(tenancy, invocation),
      run: () => applyOnce(invocation),
      codes: {
        locked: exitCodes.locked.code,
        unfinished: [exitCodes.failed.code, exitCodes.blocked.code, exitCodes.unfit.code],
      },
      tell: (note) => tell(note, invocation, host.clock()),
      status: daemonStatus,
      manager: findServiceManager(host.run),
      elapsedMs: monotonicMs,
      machine: readMachineId(host) ?? "",
      signal: invocation.signal,
    });
    return { exitCode: exitCodes.ok.code };
  } finally {
    tenancy.release();
  }
}

/** What was valid last. */
interface Tenancy {
  opened: OpenedHost;
  release: () => void;
  modules: readonly DesiredModule[];
}

/** Says nothing about what is not valid: the run does. */
async function readOrders(tenancy: Tenancy, { options, signal, io }: Invocation): Promise<Orders> {
  const { places, allowInsecureFiles } = options;
  const reopened = await openHost({ places, signal, allowInsecureFiles }, () => {});
  if (reopened.ok && reopened.value.host.paths.state !== tenancy.opened.host.paths.state) {
    const claim = await claimTree(reopened.value.host);
    if (claim.ok) {
      tenancy.release();
      tenancy.release = claim.value;
    } else io.err.write(failureText(claim.error, io.err.terminal));
  }
  if (reopened.ok) tenancy.opened = reopened.value;
  const { host, settings } = tenancy.opened;
  tenancy.modules = (await loadFor(host, options)).desired?.modules ?? tenancy.modules;
  return {
    host,
    settings: settings.daemon,
    scope: {
      documents: options.desired.map((place) => path.resolve(place)),
      settings: path.join(host.root, settingsPlace),
      modules: tenancy.modules,
    },
  };
}

/** A run of `apply`, and what it says at its end. */
async function applyOnce(invocation: Invocation): Promise<number> {
  const { options, io } = invocation;
  // It is in a file of its own, and not a second time in this one.
  const { apply } = await import("./apply.ts");
  const answer = await apply({ ...invocation, own: {}, argument: undefined }, "daemon");
  const { out = "", err = "", problems = [], exitCode } = answer;
  io.err.write(err);
  io.out.write(options.json && out === "" ? problemLines(problems, new Date()) : out);
  return exitCode;
}

function tell(note: DaemonNote, { options, io }: Invocation, at: Date): void {
  if (options.json) {
    io.out.write(daemonLine(note, at));
    return;
  }
  const { level, message } = daemonWords(note);
  if (level === "warn") io.err.write(`warning: ${message}\n`);
  else if (!options.quiet && (note.type !== "rest" || options.verbosity > 0)) io.out.write(`${message}\n`);
}
