import path from "node:path";
import type { Host } from "../../host/host.ts";
import type { CommandResult } from "../../host/run.ts";
import { type Failure, fail, type Result, succeed } from "../failure.ts";
import type { KernelId } from "../id.ts";
import { ioFailure } from "../io-failure.ts";
import { depmodBase } from "../state-layout.ts";
import { wantOfMemory } from "../want-of-memory.ts";
import { moduleList, settleDepmod } from "./owe-depmod.ts";
import { type Done, noUndo } from "./verb.ts";

/**
 * Runs depmod for one kernel, on the install tree of this host and no other. Nothing is done, and a notice says so,
 * where depmod has never been: modules.dep is absent. It runs to its end even if the host has been asked to stop: what was
 * changed must be loadable. There is nothing to undo: after a change was taken back, depmod
 * runs again.
 *
 * Fails with E_DEPMOD (6), E_NO_TOOL, E_TIMEOUT or E_CANCELLED.
 */
export async function depmod(host: Host, kernel: KernelId): Promise<Result<Done>> {
  const { files, paths } = host;
  const list = moduleList(paths.installTree, kernel);
  if (files.stat(list) === undefined) {
    const notice = `depmod is skipped for ${kernel.release}: there is no ${list}.`;
    return succeed({ changed: false, notices: [notice], undo: noUndo });
  }
  const base = baseArguments(host);
  if (!base.ok) return base;
  const map = path.join(paths.boot, `System.map-${kernel.release}`);
  const symbols = files.stat(map) === undefined ? [] : ["-F", map];
  const args = ["-a", ...base.value, ...symbols, kernel.release];
  const result = await host.run({ file: "depmod", args, timeoutMs, evenWhenStopping: true });
  const failure = explain(result, kernel.release, args);
  if (failure) return { ok: false, error: failure };
  settleDepmod(host, kernel);
  return succeed({ changed: true, notices: [], undo: noUndo });
}

const timeoutMs = 10 * 60_000;

/**
 * depmod looks below its base directory for lib/modules, or usr/lib/modules where kmod was configured so. Any other
 * install tree is given a base directory whose lib/modules is a link to it (tried with kmod 30).
 */
function baseArguments({ files, paths, root }: Host): Result<readonly string[]> {
  if (root === "/" && paths.installTree === "/lib/modules") return succeed([]);
  const base = depmodBase(paths);
  try {
    for (const parent of [path.join(base, "lib"), path.join(base, "usr/lib")]) {
      const link = path.join(parent, "modules");
      if (files.readLink(link) === paths.installTree) continue;
      files.makeDirectory(parent);
      files.symlinkAtomic(paths.installTree, link);
    }
    return succeed(["-b", base]);
  } catch (error) {
    return ioFailure(error, `lead depmod to ${paths.installTree}`);
  }
}

function explain(result: CommandResult, release: string, args: readonly string[]): Failure | undefined {
  const doing = `depmod for ${release}`;
  switch (result.ending) {
    case "missing":
      return fail("E_NO_TOOL", "This host has no depmod.", { remedy: "Install kmod." }).error;
    case "timeout":
      return fail("E_TIMEOUT", `${doing} was ended after ${timeoutMs / 60_000} minutes.`, {
        remedy: "See what it waits for: mostly a disk (dmesg). The next apply runs it again.",
        dkmsExit: 6,
      }).error;
    case "cancelled":
      return fail("E_CANCELLED", `The run was stopped during ${doing}.`).error;
    default: {
      if (result.exitCode === 0) return undefined;
      const starved = wantOfMemory(result, doing, result.stderr);
      if (starved) return { ...starved, dkmsExit: 6 };
      const said = result.stderr.trim().split("\n").at(-1) ?? "";
      return fail("E_DEPMOD", `${doing} failed: ${said || `exit code ${result.exitCode}`}.`, {
        remedy: `Run depmod ${args.join(" ")} by hand to see everything it says.`,
        dkmsExit: 6,
      }).error;
    }
  }
}
