import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { memoryDirectory } from "./memory-directory.ts";

export interface ProgramResult {
  /** -1 when a signal ended the program. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly cwd?: string;
  /** A program that starts the program, with its arguments: `["setpriv", "--reuid=65534"]`. */
  readonly prefix?: readonly string[];
  /** Put over the environment of the tests. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a program to its end. A program that cannot be started is a throw. Where it is ours, what it prints with `--json` must
 * fit the schemas. Output goes to files: dell/dkms leaves a sleep of three seconds behind, which would hold a pipe open.
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  { cwd, env, prefix = [] }: ProgramOptions = {},
): Promise<ProgramResult> {
  const [command = file, ...words] = [...prefix, file, ...args];
  const directory = memoryDirectory("dkms-agent-output-");
  const place = (name: string) => path.join(directory, name);
  const open = ["stdout", "stderr"].map((name) => fs.openSync(place(name), "w"));
  try {
    const child = spawn(command, words, {
      stdio: ["ignore", ...open],
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code) => resolve(code ?? -1));
    });
    const stdout = fs.readFileSync(place("stdout"), "utf8");
    // Who was killed may have printed half a line; and few tests need what it takes to check the others.
    if (exitCode >= 0 && words.includes("--json"))
      (await import("./json-contract.ts")).assertProgramContract([command, ...words], stdout);
    return { exitCode, stdout, stderr: fs.readFileSync(place("stderr"), "utf8") };
  } finally {
    for (const one of open) fs.closeSync(one);
    fs.rmSync(directory, { recursive: true });
  }
}
