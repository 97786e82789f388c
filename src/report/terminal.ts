import { stripVTControlCharacters, styleText } from "node:util";

/** Where text goes, as far as its shape depends on it. */
export interface Terminal {
  /** Infinite where nobody counts columns: a pipe, a file. */
  readonly columns: number;
  /** Infinite likewise. */
  readonly rows: number;
  readonly color: boolean;
  readonly isTerminal: boolean;
}

/** A pipe or a file: no colours, no limit to a line. */
export const plainTerminal: Terminal = {
  columns: Number.POSITIVE_INFINITY,
  rows: Number.POSITIVE_INFINITY,
  color: false,
  isTerminal: false,
};

/** What a text is about; colours follow from it, so that all reports use the same ones. */
export type Tone = "good" | "bad" | "change" | "quiet" | "place" | "strong";

const styles = {
  good: "green",
  bad: "red",
  change: "yellow",
  quiet: "dim",
  place: "cyan",
  strong: "bold",
} as const satisfies Record<Tone, Parameters<typeof styleText>[0]>;

/** The text in the colour of its tone, on a terminal that shows colours. */
export function paint(terminal: Terminal, tone: Tone, text: string): string {
  if (!terminal.color || text === "") return text;
  return styleText(styles[tone], text, { validateStream: false });
}

/** What a program printed, without anything that a terminal would obey. Tabs become spaces. */
export function printable(text: string): string {
  return text
    .replaceAll("\t", "    ")
    .replace(/\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g, "")
    .replace(/\p{Cc}/gu, "\ufffd");
}

/** Breaks a text at spaces, so that no line is longer than `width` unless one word is. */
export function wrap(text: string, width: number): readonly string[] {
  if (visibleLength(text) <= width) return [text];
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && visibleLength(line) + 1 + visibleLength(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Colours take no room. */
function visibleLength(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** {@link wrap}, with `first` before the first line and as many spaces before each other one. */
export function hang(first: string, text: string, columns: number): readonly string[] {
  const rest = " ".repeat(first.length);
  const width = Math.max(20, columns - first.length);
  return wrap(text, width).map((line, index) => (index === 0 ? first : rest) + line);
}

/** At most `width` characters; an ellipsis stands for what is missing. */
export function truncate(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
