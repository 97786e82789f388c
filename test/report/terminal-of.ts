import { stripVTControlCharacters } from "node:util";
import type { Terminal } from "../../src/report/terminal.ts";

/** A terminal of so many columns, without colours unless it is said. */
export function terminalOf(columns: number, color = false, rows = 24): Terminal {
  return { columns, rows, color, isTerminal: true };
}

/** The text between the backticks without its first newline and without the indentation that all its lines share. */
export function text(strings: TemplateStringsArray): string {
  const lines = strings.join("").replace(/^\n/, "").split("\n");
  const depths = lines.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length);
  const shared = Math.min(...depths);
  return lines.map((line) => line.slice(shared)).join("\n");
}

/** The longest line, counted as a terminal shows it. */
export function widest(shown: string): number {
  return Math.max(
    ...stripVTControlCharacters(shown)
      .split("\n")
      .map(({ length }) => length),
  );
}
