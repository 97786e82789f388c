import { isQuiet, type JournalLine, type JournalRun, journalLines, journalRuns, linesByRun } from "./journal-runs.ts";

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
 * nothing and say the same become one line; if that is not enough, the oldest runs go, the last one never. Half a line,
 * which a power cut leaves, would spoil the line after it, and goes always. Pure.
 */
export function compactJournal(text: string, { largest, kept }: JournalLimits = defaultLimits): string | undefined {
  const isWhole = text === "" || text.endsWith("\n");
  if (isWhole && text.length <= largest) return undefined;
  const lines = journalLines(text);
  if (text.length <= largest) return textOf(lines);
  const byRun = linesByRun(lines);
  const texts = journalRuns(lines).map((run) => {
    const own = byRun.get(run.id) ?? [];
    return isQuiet(run) && run.count > 1 ? textOf(own.map((line) => counted(line, run))) : textOf(own);
  });
  let size = 0;
  const newest = texts.reverse().filter((one, index) => {
    size += one.length;
    return index === 0 || size <= kept;
  });
  return newest.reverse().join("");
}

function counted(line: JournalLine, { count, since }: JournalRun): JournalLine {
  return { ...line, fields: new Map([...line.fields, ["count", count], ["since", since]]) };
}

function textOf(lines: readonly JournalLine[]): string {
  return lines.map(({ fields }) => `${JSON.stringify(Object.fromEntries(fields))}\n`).join("");
}
