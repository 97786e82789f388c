import { createHost } from "../../../src/host/create-host.ts";

const host = createHost();

/**
 * Runs one script over many argument lists, each in a bash of its own started by one that goes through the list, with
 * the clean environment of a dkms.conf and no PATH, so that a generated file starts no program. What each printed.
 *
 * A subshell would not do: there, bash 5.2 lets the last command of `A=1; nope` take the place of the whole shell.
 */
export async function askBash(script: string, calls: readonly (readonly string[])[]): Promise<string[]> {
  const end = `end-of-${process.pid}-${calls.length}`;
  const start = `"$BASH" --noprofile --norc -c "$script" bash`;
  const lines = calls.map((args) => `${start} ${args.map(quote).join(" ")} </dev/null; printf '${end}\\0'`);
  const { stdout } = await host.run({
    file: host.findProgram("bash") ?? "bash",
    args: ["--noprofile", "--norc", "-s"],
    env: { PATH: "/nowhere" },
    input: `exec 2>/dev/null\nscript=${quote(script)}\n${lines.join("\n")}\n`,
    timeoutMs: 300_000,
  });
  const answers = stdout.split(`${end}\0`);
  return calls.map((_, at) => answers[at] ?? "");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
