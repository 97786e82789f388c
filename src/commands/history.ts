import { endingOf, type JournalRun, type JournalStep, stoppedSteps } from "../apply/journal-run.ts";
import { journalLines, journalRuns } from "../apply/journal-runs.ts";
import { lockHolder } from "../apply/lock.ts";
import { readJournal } from "../apply/refused-runs.ts";
import { isLasting } from "../dkms/failure-memory.ts";
import { ioFailure } from "../dkms/io-failure.ts";
import type { Host } from "../host/host.ts";
import { historyDocument } from "../report/history-document.ts";
import { historyText } from "../report/history-text.ts";
import { jsonText } from "../report/json.ts";
import { nextText } from "../report/next-text.ts";
import { nextTry } from "../report/next-try.ts";
import type { ToldRun } from "../report/told-run.ts";
import type { Answer, Invocation } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { failedAnswer } from "./failed-answer.ts";
import { onHost } from "./on-host.ts";
import type { SharedOptions } from "./shared-options.ts";
import { toolVersion } from "./tool-version.ts";
import { usageAnswer } from "./usage-answer.ts";

/** Tells the runs of the journal: when, who, what became of them, and what the next one will do. */
export async function history(invocation: Invocation): Promise<Answer> {
  const { last } = invocation.own;
  const most = typeof last === "string" ? Number(last) : defaultMost;
  if (typeof last === "string" && !/^[1-9]\d{0,8}$/.test(last)) {
    const hint = "Give a whole number, e.g. --last 50.";
    return usageAnswer({ message: `--last: "${last}" is not a number of runs.`, hint });
  }
  return onHost(invocation, ({ host }) => historyOn(host, invocation, most));
}

/** A screen of them. */
const defaultMost = 20;

function historyOn(host: Host, { options, io }: Invocation, most: number): Answer {
  let text: string;
  try {
    text = readJournal(host);
  } catch (error) {
    const { error: failure } = ioFailure(error, `read the journal in ${host.paths.state}`);
    return failedAnswer(failure, io);
  }
  const runs = journalRuns(journalLines(text));
  // A verb of the dkms command holds the lock too, and writes its line when it is done.
  const holder = lockHolder(host);
  const last = runs.findLast(({ refused }) => refused === undefined);
  const isRunning = (run: JournalRun) => run === last && run.id.endsWith(`/${holder?.pid}`);
  const all = runs.map((run): ToldRun => {
    return {
      run,
      ending: endingOf(run, isRunning(run)),
      waiting: run.steps.filter((step) => isHeldBack(step, run)),
      stopped: stoppedSteps(run),
    };
  });
  const now = host.clock();
  const told = {
    runs: all.filter(({ run }) => isMeant(run, options)).slice(-most),
    next: nextText(all, now, holder?.text),
    nextTry: nextTry(all, now),
  };
  const exitCode = exitCodes.ok.code;
  if (options.json) return { exitCode, out: jsonText(historyDocument(told, toolVersion)) };
  if (told.runs.length === 0 && runs.length > 0)
    return { exitCode, out: "No run of the journal did anything to that.\n" };
  return { exitCode, out: historyText(told, io.out.terminal, { verbose: options.verbosity > 0 }) };
}

/** Instances wait for their next try, also those whose rebuild a failed depmod took back; depmod itself does not. */
function isHeldBack({ id, result }: JournalStep, { steps }: JournalRun): boolean {
  const [step, kernel] = id.split("@");
  if (kernel === undefined) return false;
  if (result?.result === "failed") return isLasting(result.code ?? "");
  if (result?.result !== "undone" || !step?.startsWith("build:")) return false;
  const depmod = steps.find((one) => one.id === `depmod:${kernel}`)?.result;
  return depmod?.result === "failed" && isLasting(depmod.code ?? "");
}

/** Runs in which something was done to a module, or for a kernel, that the options name; or that were about nothing else. */
function isMeant({ steps, scope }: JournalRun, { modules, kernel }: SharedOptions): boolean {
  const about = [...steps.map(({ id }) => id.slice(id.indexOf(":") + 1)), ...scope.modules];
  const isModule = (address: string) =>
    modules.some(({ name, version }) =>
      version === undefined
        ? address === name || address.startsWith(`${name}/`)
        : address === `${name}/${version}` || address.startsWith(`${name}/${version}@`),
    );
  const isKernel = (address: string) => address.includes(`@${kernel}/`) || address.startsWith(`${kernel}/`);
  const isOfKernel = kernel === undefined || scope.kernel === kernel || about.some(isKernel);
  return (modules.length === 0 || about.some(isModule)) && isOfKernel;
}
