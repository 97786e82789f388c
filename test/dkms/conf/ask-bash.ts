import { createHost } from "../../../src/host/create-host.ts";

const host = createHost();

export interface AskOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What goes to stderr is part of the answer. Default: nobody sees it. */
  readonly withErrors?: boolean;
}

/**
 * Runs one script over many argument lists, each in a bash of its own started by one that goes through the list, with
 * the clean environment of a dkms.conf and no PATH, so that a generated file starts no program unless `env` has one. What
 * each printed.
 *
 * A subshell would not do: there, bash 5.2 lets the last command of `A=1; nope` take the place of the whole shell.
 */
export async function askBash(
  script: string,
  calls: readonly (readonly string[])[],
  { env = { PATH: "/nowhere" }, cwd = "/", withErrors = false }: AskOptions = {},
): Promise<string[]> {
  const end = `end-of-${process.pid}-${calls.length}`;
  const start = `"$BASH" --noprofile --norc -c "$script" bash`;
  const errors = withErrors ? "2>&1" : "";
  const lines = calls.map((args) => `${start} ${args.map(quote).join(" ")} </dev/null ${errors}; printf '${end}\\0'`);
  const { stdout } = await host.run({
    file: host.findProgram("bash") ?? "bash",
    args: ["--noprofile", "--norc", "-s"],
    env,
    cwd,
    input: `exec 2>/dev/null\nscript=${quote(script)}\n${lines.join("\n")}\n`,
    timeoutMs: 300_000,
  });
  const answers = stdout.split(`${end}\0`);
  return calls.map((_, at) => answers[at] ?? "");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
