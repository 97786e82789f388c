import type { Host } from "../../host/host.ts";
import type { Scope } from "../conf/shell-variables.ts";
import { runAssignments } from "../conf/static-evaluator.ts";
import { type Result, succeed } from "../failure.ts";
import { ioFailure } from "../io-failure.ts";
import { readShellFile } from "./framework-files.ts";

const name = "ADDON_MODULES_DIR";

/**
 * ADDON_MODULES_DIR: of the environment, else of /etc/sysconfig/module-init-tools (tried with dell/dkms 3.2.2, which
 * sources that file); `undefined` if neither says it. Nothing else of the file counts: it is evaluated here, or in a bash
 * of its own.
 *
 * Fails with E_CONF_INVALID, E_NO_TOOL, E_CANCELLED, or what reading says.
 */
export async function readAddonModules({ files, paths, run }: Host): Promise<Result<string | undefined>> {
  if (paths.addonModules !== undefined) return succeed(paths.addonModules);
  try {
    const read = readShellFile(files, paths.moduleToolsSettings);
    if (!read.ok || !read.value) return read.ok ? succeed(undefined) : read;
    const { file, text } = read.value;
    const scope: Scope = new Map();
    if (runAssignments(text, scope)) return succeed(scope.get(name)?.get(0) || undefined);
    const { evaluateInBash } = await import("../conf/bash-evaluator.ts");
    const answer = await evaluateInBash(run, {
      file,
      variables: new Map(),
      inherited: [],
      names: [name],
    });
    if (answer.ok) return succeed(answer.value.raw.get(name)?.get(0) || undefined);
    const remedy = `Write plain assignments, such as ${name}=extra.`;
    return { ok: false, error: { ...answer.error, remedy, dkmsExit: 1 } };
  } catch (error) {
    return ioFailure(error, `read ${paths.moduleToolsSettings}`);
  }
}
