import path from "node:path";
import type { Host } from "../host/host.ts";
import type { Command, CommandResult } from "../host/run.ts";
import { fail, type Result, succeed } from "./failure.ts";
import { wantOfMemory } from "./want-of-memory.ts";

export interface PatchRequest {
  /** Files below patches/, in the order in which they are applied. */
  readonly patches: readonly string[];
  /** Where the patched files and patches/ are. */
  readonly directory: string;
  readonly timeoutMs: () => number;
  readonly run: (shown: string, command: Command) => Promise<CommandResult>;
}

/**
 * Applies a module's patches as `patch -p1` does. Fails with E_PATCH: 5 if a file is not there or its path leads out of
 * patches/, 6 if it does not apply; with E_NO_TOOL, E_TIMEOUT or E_CANCELLED.
 */
export async function applyPatches(host: Pick<Host, "files">, request: PatchRequest): Promise<Result<undefined>> {
  for (const name of request.patches) {
    const file = path.join("patches", name);
    if (name.split("/").includes("..")) return unusable(name, `The patch ${name} leads out of patches/.`);
    if (host.files.stat(path.join(request.directory, file))?.kind !== "file")
      return unusable(name, `dkms.conf names the patch ${name}, but there is no ${file} in the source.`);
    const args = ["-p1", "-i", file];
    const command = { file: "patch", args, cwd: request.directory, timeoutMs: request.timeoutMs() };
    const failure = explain(await request.run(`patch ${args.join(" ")}`, command), name);
    if (failure) return failure;
  }
  return succeed(undefined);
}

function unusable(name: string, message: string): Result<never> {
  return fail("E_PATCH", message, { path: name, remedy: "Correct PATCH in dkms.conf or add the file.", dkmsExit: 5 });
}

function explain(result: CommandResult, name: string): Result<never> | undefined {
  const { ending, exitCode } = result;
  if (ending === "exited" && exitCode === 0) return undefined;
  if (ending === "missing") return fail("E_NO_TOOL", "This host has no patch.", { remedy: "Install patch." });
  if (ending === "cancelled") return fail("E_CANCELLED", `The run was stopped while ${name} was applied.`);
  if (ending === "timeout") return fail("E_TIMEOUT", `The build's time was over while ${name} was applied.`);
  const starved = wantOfMemory(result, `patch of ${name}`, "");
  if (starved) return { ok: false, error: { ...starved, dkmsExit: 6 } };
  const remedy = "Look into the log: the module's source and its patch do not fit together.";
  return fail("E_PATCH", `The patch ${name} does not apply.`, { path: name, remedy, dkmsExit: 6 });
}
