import { isIdle, type JournalRun } from "./journal-run.ts";
import { forgottenRun, type JournalLine, journalLines, journalRuns, journalText, linesByRun } from "./journal-runs.ts";

/** In characters, of which a journal has about as many as bytes. */
export interface JournalLimits {
  /** A journal up to this size is left alone. */
  readonly largest: number;
  /** What a larger one is brought down to. */
  readonly kept: number;
}

/** A run every five minutes that does nothing fills this in a week or two; a year of them then is one line. */
const defaultLimits: JournalLimits = { largest: 1 << 20, kept: 1 << 19 };

/**
 * The text that is to take a journal's place; `undefined` if it may stay as it is. Runs one after the other that did
 * nothing and say the same become one line; if that is not enough, the oldest runs go, the last one never, and of those
 * that go stays which saved plans they applied. Half a line, which a power cut leaves, would spoil the line after it,
 * and goes always. Pure.
 */
export function compactJournal(text: string, { largest, kept }: JournalLimits = defaultLimits): string | undefined {
  const isWhole = text === "" || text.endsWith("\n");
  if (isWhole && text.length <= largest) return undefined;
  const lines = journalLines(text);
  if (text.length <= largest) return journalText(lines);
  const byRun = linesByRun(lines);
  const runs = journalRuns(lines).map((run) => {
    const own = byRun.get(run.id) ?? [];
    // Of what did nothing the last line tells all.
    return { run, text: journalText(isIdle(run) ? own.slice(-1).map((line) => counted(line, run)) : own) };
  });
  const refused = runs.filter(({ run }) => run.refused);
  const forgotten = new Set(refused.slice(0, firstKept(refused, kept / refusedShare)));
  const left = runs.filter((one) => !forgotten.has(one));
  const first = firstKept(left, kept);
  const plans = [...lines.filter(({ type }) => type === forgottenRun), ...left.slice(0, first).flatMap(appliedPlan)];
  const told = left.slice(first).map((one) => one.text);
  return journalText(plans.slice(-mostPlans)) + told.join("");
}

/** Saved plans are applied once; by the time that so many others were, an old one does not hold any more. */
const mostPlans = 1000;

/** Of what is kept, one part in so many may tell of runs that could not do anything. */
const refusedShare = 8;

/** The index of the oldest run that stays. */
function firstKept(runs: readonly { readonly text: string }[], kept: number): number {
  let size = 0;
  const tooOld = runs.findLastIndex(({ text }, index) => {
    size += text.length;
    return size > kept && index < runs.length - 1;
  });
  return tooOld + 1;
}

function appliedPlan({ run: { id, startedAt, planId } }: { readonly run: JournalRun }): readonly JournalLine[] {
  if (planId === undefined) return [];
  const fields = { type: forgottenRun, run: id, at: startedAt, plan: planId };
  return [{ ...fields, fields: new Map(Object.entries(fields)) }];
}

function counted(line: JournalLine, { count, since }: JournalRun): JournalLine {
  return count === 1 ? line : { ...line, fields: new Map([...line.fields, ["count", count], ["since", since]]) };
}
