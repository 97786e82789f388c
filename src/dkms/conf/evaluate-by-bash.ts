import { createHash } from "node:crypto";
import type { Host } from "../../host/host.ts";
import { askNoted } from "../../host/record-reads.ts";
import type { Run } from "../../host/run.ts";
import { isSystemError } from "../../host/system-error.ts";
import { type Result, succeed } from "../failure.ts";
import type { KnownEvaluations } from "../known-evaluations.ts";
import { evaluateInBash, rereadInBash } from "./bash-evaluator.ts";
import { type ConfReads, confReads } from "./conf-reads.ts";
import type { Evaluation } from "./evaluation.ts";
import { isMadeUp } from "./judge-command.ts";
import { entriesOf, type RawConf, rawConfOf } from "./raw-conf.ts";
import { collapsed, rereadHere } from "./reread-value.ts";

export interface BashSourcing {
  readonly file: string;
  readonly text: string;
  readonly variables: ReadonlyMap<string, string>;
  /** Directives that an earlier file has set. */
  readonly inherited: RawConf;
  /** What the file comes to before its values are read once more, where that could be told without bash. */
  readonly plain: RawConf | undefined;
}

export interface BashEvaluation extends Evaluation {
  /** It might be another one if the file lay elsewhere. */
  readonly isOfPlace: boolean;
}

/**
 * Evaluates what only bash can. Where it can be told what bash looks at, the host takes note of it, and the answer is known
 * as long as all of that looks the same; anything else is asked anew.
 */
export async function evaluateByBash(
  host: Host,
  sourcing: BashSourcing,
  known?: KnownEvaluations,
): Promise<Result<BashEvaluation>> {
  const question = questionOf(host, sourcing);
  const ofPlace = `${sourcing.file}\0${question}`;
  for (const one of [question, ofPlace]) {
    const before = await known?.recall(host, one);
    if (before) return succeed({ ...before, isOfPlace: one === ofPlace });
  }
  const watch = await known?.watch(sourcing, (watched) => readsOf(watched, sourcing));
  const found = watch ? watch.seen : await readsOf(host, sourcing);
  const reads = found && (await unlessRefused(() => lookAt(host, found))) ? found : undefined;
  const first = await evaluateFirst(reads ? repeatable(host.run) : host.run, sourcing);
  if (!first.ok) return first;
  const entries = collapsed(first.value.raw);
  const { file, variables, inherited } = sourcing;
  const here = rereadHere(variables, entries);
  const reread = here ? succeed(here) : await rereadInBash(host.run, { file, variables, inherited: entries });
  if (!reread.ok) return reread;
  const raw = rawConfOf([...entriesOf(inherited), ...entriesOf(reread.value)]);
  const answer = { raw, complaints: first.value.complaints };
  const isOfPlace = !reads || !here || reads.ownPlace || answer.complaints.some((line) => line.includes(file));
  if (reads && here) watch?.keep(isOfPlace ? ofPlace : question, answer);
  return succeed({ ...answer, isOfPlace });
}

/** Everything that an answer depends on and that is no place. */
function questionOf({ machine }: Host, { text, variables, inherited }: BashSourcing): string {
  const { arch, uid } = machine;
  const question = JSON.stringify([text, [...variables], entriesOf(inherited), arch, uid]);
  return createHash("sha256").update(question).digest("hex");
}

/** All that bash will look at, the host having looked at it too; `undefined` if that cannot be told, or is no such thing. */
async function readsOf(host: Host, { text, variables, plain }: BashSourcing): Promise<ConfReads | undefined> {
  if (plain) return undefined;
  const readText = (place: string) => host.files.readText(place);
  const hasProgram = (name: string) => host.findProgram(name) !== undefined;
  return unlessRefused(async () => {
    const reads = confReads(text, { variables, readText, hasProgram });
    return reads && (await lookAt(host, reads)) ? reads : undefined;
  });
}

/** What cannot be read is for bash to complain of. */
async function unlessRefused<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

/** Whether all of it is such that a change shows. */
async function lookAt(host: Host, { places, programs }: ConfReads): Promise<boolean> {
  const { files, findProgram } = host;
  for (const program of ["bash", ...programs]) {
    const file = findProgram(program);
    if (file !== undefined) files.stat(file);
  }
  // No file tells how many processors a process may use.
  if (programs.has("nproc")) await askNoted(host, "nproc");
  return [...places].every((place) => {
    files.lstat(place);
    files.stat(place);
    return !isMadeUp(files.realPath(place) ?? place);
  });
}

function repeatable(run: Run): Run {
  return (command) => run({ ...command, isRepeatable: true });
}

function evaluateFirst(run: Run, { file, variables, inherited, plain }: BashSourcing): Promise<Result<Evaluation>> {
  if (plain) return Promise.resolve(succeed({ raw: plain, complaints: [] }));
  return evaluateInBash(run, { file, variables, inherited: entriesOf(inherited) });
}
