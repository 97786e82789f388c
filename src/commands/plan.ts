import path from "node:path";
import { compare } from "../compare.ts";
import { withSnippet } from "../desired-state/with-snippet.ts";
import type { Failure } from "../dkms/failure.ts";
import { ioFailure } from "../dkms/io-failure.ts";
import type { Host } from "../host/host.ts";
import type { Plan } from "../plan/plan.ts";
import { diagnosticsText } from "../report/diagnostic-text.ts";
import { jsonText } from "../report/json.ts";
import { planDocument } from "../report/plan-document.ts";
import { planText } from "../report/plan-text.ts";
import { candidateOf } from "./candidate.ts";
import { unknownFilter } from "./check-filter.ts";
import type { Answer, Invocation } from "./command.ts";
import { invalidAnswer, loadFor } from "./documents.ts";
import { exitCodeOfProblems, exitCodes } from "./exit-codes.ts";
import { failedAnswer } from "./failed-answer.ts";
import { filterOf, onHost, stoppedAnswer } from "./on-host.ts";
import { archivesOf, type OpenedHost } from "./open-host.ts";
import { misplacedOutput } from "./output-file.ts";
import { planFacts } from "./plan-facts.ts";
import { usageAnswer } from "./usage-answer.ts";

/** Shows what apply would do. Writes nothing, except the file that `--out` names. */
export function plan(invocation: Invocation): Promise<Answer> {
  return onHost(invocation, (opened) => planOn(opened, invocation));
}

async function planOn(opened: OpenedHost, invocation: Invocation): Promise<Answer> {
  const { host } = opened;
  const { options, own, io } = invocation;
  const out = typeof own.out === "string" ? path.resolve(own.out) : undefined;
  const misplaced = out === undefined ? undefined : misplacedOutput(host, out);
  if (misplaced) return failedAnswer(misplaced, io);
  const candidate = candidateOf(invocation);
  if (!candidate.ok) return usageAnswer(candidate.error);
  const loaded = await loadFor(host, options, candidate.value);
  const { desired } = loaded;
  if (!desired) return invalidAnswer(invocation, loaded);
  const unknown = unknownFilter(host, desired, options);
  if (unknown) return usageAnswer(unknown);
  const compared = await compare(host, desired, {
    filter: filterOf(invocation),
    archives: archivesOf(opened, options),
    signing: opened.settings.signing,
  });
  if (host.signal.aborted) return stoppedAnswer(host.signal);
  const seen = compared.plan.diagnostics.map((one) => withSnippet(host, one, candidate.value));
  const result = { ...compared.plan, diagnostics: [...loaded.diagnostics, ...seen] };
  const exitCode = planExitCode(result, own.detailedExitcode === true);
  const isInvalid = exitCode === exitCodes.invalid.code;
  const isPossible = exitCodeOfProblems(result.diagnostics) === undefined;
  const facts = () => planFacts(host, { desired, filter: filterOf(invocation), compared });
  const saved = isPossible ? out : undefined;
  const document = options.json || saved !== undefined ? jsonText(planDocument(result, facts())) : "";
  const unsaved = saved === undefined ? undefined : save(host, saved, document);
  if (unsaved) return failedAnswer(unsaved, io);
  if (options.json) return { exitCode, out: document };
  if (isInvalid) return { exitCode, err: diagnosticsText(result.diagnostics, io.err.terminal) };
  const { quiet, verbosity } = options;
  const text = planText(result, io.out.terminal, { quiet, verbose: verbosity > 0, unlisted: desired.unlisted });
  const told =
    saved === undefined || quiet
      ? ""
      : `\nSaved to ${saved}: "dkms-agent apply${rootOf(options)} ${own.out}" does this and nothing else.\n`;
  return { exitCode, out: text + told };
}

/** What apply has to be told too, so that it is about the same system. */
function rootOf({ places: { root } }: Invocation["options"]): string {
  return root === undefined ? "" : ` --root ${root}`;
}

/** Only its owner may read it: it names what is on this host, and what will be. */
function save({ files }: Host, file: string, text: string): Failure | undefined {
  try {
    files.writeAtomic(file, text, 0o600);
    return undefined;
  } catch (error) {
    return ioFailure(error, `save the plan to ${file}`).error;
  }
}

function planExitCode({ changes, blocked, diagnostics }: Plan, detailed: boolean): number {
  const problem = exitCodeOfProblems(diagnostics);
  if (problem !== undefined) return problem;
  if (!detailed) return exitCodes.ok.code;
  if (changes.length > 0) return exitCodes.changes.code;
  return blocked.length > 0 ? exitCodes.blocked.code : exitCodes.ok.code;
}
