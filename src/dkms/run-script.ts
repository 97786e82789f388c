import path from "node:path";
import type { Host } from "../host/host.ts";
import type { Command, CommandResult } from "../host/run.ts";
import { fail, type Result, succeed } from "./failure.ts";
import type { InstanceId } from "./id.ts";
import { wantOfMemory } from "./want-of-memory.ts";

export interface ScriptRequest {
  /** As dkms.conf calls it: POST_ADD, PRE_BUILD, … */
  readonly name: string;
  /** A path below `directory`, perhaps with arguments; `undefined`: there is nothing to run. */
  readonly line: string | undefined;
  /** The source directory or the build directory: where it lies, and where it runs. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Default: the host's own. A build's runs are logged. */
  readonly run?: (command: Command) => Promise<CommandResult>;
  /** What it has written, where `run` keeps that in a log. */
  readonly written?: () => string;
}

/**
 * Runs one of the scripts of a dkms.conf, and returns what there is to tell about it. As dell/dkms does (tried): the
 * first word is the file, the rest is split at white space and globbed in the directory, without quotes; a script
 * without `#!` is run by bash; one that is absent or not executable is skipped with a notice.
 *
 * Unlike there, the file must lie inside the directory, links resolved: E_OUTSIDE_TREE. Otherwise fails with E_SCRIPT,
 * whose `dkmsExit` is the script's own exit code, E_TIMEOUT, E_CANCELLED or E_NO_TOOL.
 */
export async function runScript(host: Host, request: ScriptRequest): Promise<Result<readonly string[]>> {
  const [name = "", ...words] = (request.line ?? "").split(/\s+/).filter(Boolean);
  if (name === "") return succeed([]);
  const script = path.join(request.directory, name);
  const stat = host.files.stat(script);
  if (stat === undefined) return succeed([`${request.name} is skipped: ${script} is not there.`]);
  if (!isInside(host, script, request.directory)) return outside(request.name, script);
  if (stat.kind !== "file" || (stat.mode & 0o111) === 0)
    return succeed([`${request.name} is skipped: ${script} is not executable.`]);
  const run = request.run ?? host.run;
  const result = await run({
    file: "bash",
    // Unquoted on purpose: this is where the words are globbed.
    args: ["-c", 'umask 022; "$0" $1', script, words.join(" ")],
    cwd: request.directory,
    // Scripts that look at $PWD expect the path that they were called by, not the one that links lead to.
    env: { ...request.env, PWD: request.directory },
    timeoutMs: request.timeoutMs,
  });
  return explain(request, script, result);
}

/**
 * As {@link runScript}, for scripts whose failure changes nothing any more: it is one of the notices. Only when the run
 * was stopped it fails, with E_CANCELLED.
 */
export async function runFinalScript(host: Host, request: ScriptRequest): Promise<Result<readonly string[]>> {
  const result = await runScript(host, request);
  if (result.ok || result.error.code === "E_CANCELLED") return result;
  return succeed([result.error.message]);
}

/** What scripts and make find in their environment, beside the compiler's names. */
export function instanceEnvironment({ module, kernel }: InstanceId): Readonly<Record<string, string>> {
  return { module: module.name, module_version: module.version, kernelver: kernel.release, arch: kernel.arch };
}

/** For scripts that are not part of a build. */
export const scriptTimeoutMs = 10 * 60_000;

function isInside({ files }: Host, script: string, directory: string): boolean {
  const top = files.realPath(directory);
  return top !== undefined && (files.realPath(script) ?? "").startsWith(`${top}/`);
}

function outside(name: string, script: string): Result<never> {
  return fail("E_OUTSIDE_TREE", `${name} is refused: ${script} leads out of the module's directory.`, {
    path: script,
    remedy: "Name a script that is part of the module's source.",
  });
}

function explain(request: ScriptRequest, script: string, result: CommandResult): Result<readonly string[]> {
  const { name } = request;
  switch (result.ending) {
    case "missing":
      return fail("E_NO_TOOL", `${name} cannot run: this host has no bash.`, { remedy: "Install bash." });
    case "timeout": {
      const remedy = "See what it waits for; a build may be given a longer timeout.";
      return fail("E_TIMEOUT", `${name} was ended, its time was over: ${script}.`, { path: script, remedy });
    }
    case "cancelled":
      return fail("E_CANCELLED", `The run was stopped during ${name}.`, { path: script });
    case "flood":
      return fail("E_SCRIPT", `${name} was ended, it wrote without end: ${script}.`, { path: script, remedy: mendIt });
    case "killed":
    case "exited":
      return result.exitCode === 0 ? succeed([]) : failed(request, script, result);
  }
}

function failed({ name, written }: ScriptRequest, script: string, result: CommandResult): Result<never> {
  const { exitCode, stdout, stderr } = result;
  const all = `${stderr.trim()}\n${stdout.trim()}`.trim();
  const dkmsExit = result.ending === "killed" ? killedExit : exitCode;
  const starved = wantOfMemory(result, `${name}, ${script}`, written?.() ?? all);
  if (starved) return { ok: false, error: { ...starved, path: script, dkmsExit } };
  const said = all.split("\n").at(-1);
  const message = `${name} failed with exit code ${exitCode}: ${script}${said ? ` said "${said}"` : ""}.`;
  return fail("E_SCRIPT", message, { path: script, remedy: mendIt, dkmsExit });
}

/** A shell's exit code when its last program was ended by SIGKILL, as the kernel does when memory has run out. */
const killedExit = 137;

const mendIt = "See what it says that it lacks, or mend it; it is part of the module's source.";
