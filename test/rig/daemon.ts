import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { type AgentRoot, cli } from "./agent.ts";
import { assertContract } from "./json-contract.ts";

/** The real program as a daemon. */
export interface Daemon {
  readonly pid: number;
  /** Everything that it has printed so far, on either output. */
  readonly said: () => string;
  /** Waits for the next line that matches, after those that were waited for before; the line. */
  readonly line: (pattern: RegExp) => Promise<string>;
  /** What the service manager has heard so far, in its order; only with {@link listen}. */
  readonly heard: () => readonly string[];
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly exitCode: Promise<number | null>;
}

export interface DaemonOptions {
  /** A line of a shell script before it starts. */
  readonly before?: string;
  /** Programs that start the script, with their arguments. */
  readonly prefix?: readonly string[];
  /** As if its output went to the journal. */
  readonly toJournal?: boolean;
  readonly words?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const patienceMs = 120_000;

/** Starts `dkms-agent daemon` on a machine. Whoever starts it ends it. */
export function startDaemon(
  machine: Pick<AgentRoot, "root" | "at">,
  { words = [], env = {}, toJournal = false, before = "", prefix = [] }: DaemonOptions = {},
): Daemon {
  const isJson = words.includes("--json");
  // Both outputs through one pipe, so that lines come in their order.
  const journal = toJournal ? 'export JOURNAL_STREAM="$(stat --dereference --format %d:%i /proc/$$/fd/1)"; ' : "";
  const shell = isJson ? [] : ["sh", "-c", `${before}\n${journal}exec "$@" 2>&1`, "sh"];
  const [file = "", ...args] = [...prefix, ...shell, process.execPath, cli, "daemon", "--root", machine.root, ...words];
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  const lines: string[] = [];
  let next = 0;
  let wake: (() => void) | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      if (isJson && stream === child.stdout) assertContract(["apply", "--json"], line);
      wake?.();
    });
  }
  const said = () => lines.join("\n");
  return {
    pid: child.pid ?? 0,
    said,
    line: async (pattern) => {
      const deadline = performance.now() + patienceMs;
      for (;;) {
        const at = lines.findIndex((line, index) => index >= next && pattern.test(line));
        if (at >= 0) {
          next = at + 1;
          return lines[at] ?? "";
        }
        const left = deadline - performance.now();
        if (left <= 0) throw new Error(`the daemon never said ${pattern}, but:\n${said()}`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, left);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    },
    heard: () => heardIn(machine),
    kill: (signal) => child.kill(signal),
    exitCode: new Promise((resolve) => child.once("close", resolve)),
  };
}

/**
 * The environment of a service manager that listens: in the place of systemd-notify, which tells a socket, stands a script
 * that tells a file. Node can make no such socket; the real one is met in the virtual machine.
 */
export function listen({ at }: Pick<AgentRoot, "at">, watchdogMs?: number): Record<string, string> {
  const directory = at("notify");
  fs.mkdirSync(directory);
  const script = `#!/bin/sh\necho "$*" >> "$NOTIFY_SOCKET"\n`;
  fs.writeFileSync(path.join(directory, "systemd-notify"), script, { mode: 0o755 });
  const watchdog: Record<string, string> = watchdogMs === undefined ? {} : { WATCHDOG_USEC: String(watchdogMs * 1000) };
  return { PATH: `${directory}:${process.env.PATH}`, NOTIFY_SOCKET: at("notify/heard"), ...watchdog };
}

function heardIn({ at }: Pick<AgentRoot, "at">): readonly string[] {
  const file = at("notify/heard");
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8").trimEnd().split("\n") : [];
}
