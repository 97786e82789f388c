import { randomUUID } from "node:crypto";
import type { DesiredState } from "../desired-state/desired-state.ts";
import type { Host } from "../host/host.ts";
import type { Plan } from "../plan/plan.ts";
import { compare } from "../reconcile.ts";
import { diagnosticsText } from "../report/diagnostic-text.ts";
import { jsonText } from "../report/json.ts";
import { planDocument } from "../report/plan-document.ts";
import { planText } from "../report/plan-text.ts";
import { unknownFilter } from "./check-filter.ts";
import type { Answer, Invocation } from "./command.ts";
import { invalidAnswer, loadFor } from "./documents.ts";
import { exitCodes } from "./exit-codes.ts";
import { filterOf, onHost, stoppedAnswer } from "./on-host.ts";
import { toolVersion } from "./tool-version.ts";
import { usageAnswer } from "./usage-answer.ts";

/** Shows what apply would do. Writes nothing. */
export function plan(invocation: Invocation): Promise<Answer> {
  return onHost(invocation, ({ host }) => planOn(host, invocation));
}

async function planOn(host: Host, invocation: Invocation): Promise<Answer> {
  const { options, own, io } = invocation;
  const loaded = loadFor(host, options);
  const { desired } = loaded;
  if (!desired) return invalidAnswer(invocation, loaded);
  const unknown = unknownFilter(host, desired, options);
  if (unknown) return usageAnswer(unknown);
  const compared = await compare(host, desired, filterOf(invocation));
  if (host.signal.aborted) return stoppedAnswer(host.signal);
  const result = { ...compared.plan, diagnostics: [...loaded.diagnostics, ...compared.plan.diagnostics] };
  const exitCode = planExitCode(result, own.detailedExitcode === true);
  if (options.json) return { exitCode, out: documentOf(host, desired, result) };
  const { quiet, verbosity } = options;
  if (exitCode === exitCodes.invalid.code) {
    return { exitCode, err: diagnosticsText(result.diagnostics, io.err.terminal) };
  }
  const text = planText(result, io.out.terminal, { quiet, verbose: verbosity > 0, unlisted: desired.unlisted });
  return { exitCode, out: text };
}

function planExitCode({ changes, blocked, diagnostics }: Plan, detailed: boolean): number {
  if (diagnostics.some(({ severity }) => severity === "error")) return exitCodes.invalid.code;
  if (!detailed) return exitCodes.ok.code;
  if (changes.length > 0) return exitCodes.changes.code;
  return blocked.length > 0 ? exitCodes.blocked.code : exitCodes.ok.code;
}

function documentOf(host: Host, desired: DesiredState, result: Plan): string {
  const { arch, runningKernel } = host.machine;
  const facts = { planId: randomUUID(), createdAt: host.clock(), host: { arch, runningKernel }, desired, toolVersion };
  return jsonText(planDocument(result, facts));
}
