import { spawn } from "node:child_process";
import headless from "@xterm/headless";
import { cli } from "./agent.ts";

/** A program on a pseudo-terminal, and the screen that a person would see. */
export interface Pty {
  /** What stands on the screen and above it, row by row, without empty space at the ends. */
  readonly screen: () => string;
  /** The lines that were too long for a row of the screen, so that the terminal broke them. */
  readonly broken: () => readonly string[];
  /** Every character that came, colours and movements included. */
  readonly written: () => string;
  /** Waits until the screen shows something, and returns the whole screen. Rejects if it never does. */
  readonly shows: (pattern: string | RegExp) => Promise<string>;
  /** Types on the keyboard; `\r` is the Enter key, `\u0003` Ctrl-C. */
  readonly type: (keys: string) => void;
  /** Ends it as a terminal that is closed does; nothing if it has ended. */
  readonly kill: () => void;
  /** Ends with the exit code of the program. */
  readonly ended: Promise<number>;
}

export interface PtyOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
}

const mostMs = 60_000;

/** Starts dkms-agent on a pseudo-terminal. Output for programs is tested elsewhere, where it can be told from errors. */
export function startOnPty(words: readonly string[], options: PtyOptions = {}): Pty {
  if (words.includes("--json")) throw new Error("with --json, run it with runProgram, which checks the schemas");
  return startPty([process.execPath, cli, ...words], options);
}

/** Starts any program on a pseudo-terminal of util-linux' `script`, with an emulator of xterm at its other end. */
export function startPty(command: readonly string[], { columns = 80, rows = 24, env = {} }: PtyOptions = {}): Pty {
  const terminal = new headless.Terminal({ cols: columns, rows, scrollback: 10_000, allowProposedApi: true });
  const line = `stty cols ${columns} rows ${rows} && exec ${command.map(quote).join(" ")}`;
  const child = spawn("script", ["--quiet", "--return", "--command", line, "/dev/null"], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, SHELL: "/bin/sh", TERM: "xterm", NO_COLOR: "", ...env },
  });
  let written = "";
  let over = false;
  const watchers = new Set<() => void>();
  const look = () => {
    for (const watch of watchers) watch();
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    written += text;
    terminal.write(text, look);
  });
  // Keys that come after the end have nobody to read them.
  child.stdin.on("error", () => {});
  const ended = new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      terminal.write("", () => {
        over = true;
        look();
        resolve(code ?? -1);
      });
    });
  });
  const screen = () => screenOf(terminal);
  return {
    screen,
    broken: () => brokenLines(terminal),
    written: () => written,
    shows: (pattern) =>
      new Promise((resolve, reject) => {
        const done = (settle: () => void) => {
          watchers.delete(watch);
          clearTimeout(timer);
          settle();
        };
        const fail = (why: string) =>
          done(() => reject(new Error(`${why} without showing ${String(pattern)}; the screen:\n${screen()}`)));
        const watch = () => {
          const shown = screen();
          if (typeof pattern === "string" ? shown.includes(pattern) : pattern.test(shown)) done(() => resolve(shown));
          else if (over) fail("The program ended");
        };
        const timer = setTimeout(() => fail(`${mostMs / 1000} s passed`), mostMs);
        watchers.add(watch);
        watch();
      }),
    kill: () => {
      child.kill("SIGKILL");
    },
    type: (keys) => child.stdin.write(keys),
    ended,
  };
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function linesOf({ buffer }: headless.Terminal) {
  const { active } = buffer;
  return Array.from({ length: active.length }, (_, row) => active.getLine(row)).filter((line) => line !== undefined);
}

function brokenLines(terminal: headless.Terminal): readonly string[] {
  const lines: { text: string; rows: number }[] = [];
  for (const row of linesOf(terminal)) {
    const above = lines.at(-1);
    const text = row.translateToString(true);
    if (row.isWrapped && above) lines.splice(-1, 1, { text: above.text + text, rows: above.rows + 1 });
    else lines.push({ text, rows: 1 });
  }
  return lines.filter(({ rows }) => rows > 1).map(({ text }) => text);
}

function screenOf(terminal: headless.Terminal): string {
  const rows = linesOf(terminal).map((line) => line.translateToString(true));
  return rows.join("\n").trimEnd();
}
