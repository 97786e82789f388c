import { hang, paint, type Terminal, type Tone } from "./terminal.ts";

/** One line of a plan: what, what happens to it, why; and what belongs below it. */
export interface Row {
  readonly sign: string;
  readonly tone: Tone;
  readonly subject: string;
  readonly actions: string;
  readonly text: string;
  /** Each with its own beginning, e.g. `→ ` before a remedy. */
  readonly details: readonly { readonly first: string; readonly text: string }[];
}

const margin = "  ";
const indent = " ".repeat(6);
/**
 * The rows with their subjects and actions in columns. The reason stands beside them where it fits, else below; on a
 * narrow terminal the actions stand below too. Without a limit (a pipe) it always fits, so that `grep` finds it whole.
 */
export function layRows(rows: readonly Row[], terminal: Terminal): readonly string[] {
  const widths = widthsOf(rows);
  return rows.flatMap((row) => {
    const details = row.details.flatMap(({ first, text }) => hang(indent + first, text, terminal.columns));
    return [...layRow(row, widths, terminal), ...details];
  });
}

/** How wide a terminal must be for each row to stand in one line. */
export function widthOfRows(rows: readonly Row[]): number {
  const { subject, actions } = widthsOf(rows);
  const text = widest(rows.map((row) => row.text));
  return margin.length + 2 + subject + 2 + actions + (text > 0 ? 2 + text : 0);
}

interface Widths {
  readonly subject: number;
  readonly actions: number;
}

function widthsOf(rows: readonly Row[]): Widths {
  return {
    subject: widest(rows.map(({ subject }) => subject)),
    actions: widest(rows.map(({ actions }) => actions)),
  };
}

function layRow(row: Row, widths: Widths, terminal: Terminal): readonly string[] {
  const subject = `${margin}${paint(terminal, row.tone, row.sign)} ${paint(terminal, row.tone, row.subject)}`;
  const toActions = margin.length + 2 + widths.subject + 2;
  const toText = toActions + widths.actions + 2;
  if (toActions + row.actions.length > terminal.columns) {
    return [subject, ...hang(indent, `${row.actions}: ${row.text}`, terminal.columns)];
  }
  const line = subject + gap(row.subject, widths.subject) + row.actions;
  if (row.text === "") return [line];
  if (toText + row.text.length > terminal.columns) return [line, ...hang(indent, row.text, terminal.columns)];
  return [line + gap(row.actions, widths.actions) + row.text];
}

function gap(text: string, width: number): string {
  return " ".repeat(width - text.length + 2);
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(({ length }) => length));
}
