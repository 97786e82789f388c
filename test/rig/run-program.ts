import { spawn } from "node:child_process";

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
 * fit the schemas.
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  { cwd, env, prefix = [] }: ProgramOptions = {},
): Promise<ProgramResult> {
  const [command = file, ...words] = [...prefix, file, ...args];
  const child = spawn(command, words, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
    });
  }
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? -1));
  });
  // Who was killed may have printed half a line; and few tests need what it takes to check the others.
  if (exitCode >= 0 && words.includes("--json"))
    (await import("./json-contract.ts")).assertProgramContract([command, ...words], output.stdout);
  return { exitCode, ...output };
}
