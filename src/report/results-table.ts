import type { ChangeResult } from "../apply/outcome.ts";
import { type Fold, fold, unfolded } from "./fold.ts";
import { actionWords } from "./plan-rows.ts";
import { layRows, type Row, widthOfRows } from "./rows.ts";
import type { Terminal, Tone } from "./terminal.ts";
import { duration, lines } from "./words.ts";

/** From so many lines on, what ended in the same way is said once. */
const manyLines = 12;

/** What became of each change, one line each: the last thing that somebody who was away reads. Empty for none. */
export function resultsTable(changes: readonly ChangeResult[], terminal: Terminal): string {
  const folds = changes.length >= manyLines ? fold(changes, sameResult) : unfolded(changes);
  const rows = folds.map(resultRow);
  // The time is the first thing to do without.
  const fit = widthOfRows(rows) <= terminal.columns ? rows : rows.map((row) => ({ ...row, text: "" }));
  return lines(layRows(fit, terminal));
}

function sameResult(change: ChangeResult): string {
  const { address, result, before, failure } = change;
  const module = address.slice(0, Math.max(0, address.lastIndexOf("@")));
  return [module, result, before, resultWords(change), failure?.code].join("\n");
}

function resultRow({ first, subject, members }: Fold<ChangeResult>): Row {
  const [sign, tone] = marks[first.result];
  const time = members.length === 0 && first.durationMs > 0 ? duration(first.durationMs) : "";
  const details = members.length === 0 ? [] : [{ first: "", text: members.join(", ") }];
  return { sign, tone, subject, actions: resultWords(first), text: time, details };
}

const marks: Readonly<Record<ChangeResult["result"], readonly [sign: string, tone: Tone]>> = {
  done: ["+", "good"],
  unchanged: ["=", "quiet"],
  failed: ["!", "bad"],
  skipped: ["-", "change"],
  undone: ["-", "change"],
};

function resultWords(change: ChangeResult): string {
  const { result, before, after, failure } = change;
  switch (result) {
    case "done":
      return before === after ? `${actionWords(change)}: done` : `${before} → ${after}`;
    case "unchanged":
      return "was so already";
    case "failed":
      return `failed [${failure?.code ?? ""}]`;
    case "skipped":
      return "not done";
    case "undone":
      return "taken back";
  }
}
