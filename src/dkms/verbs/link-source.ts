import path from "node:path";
import type { Host } from "../../host/host.ts";
import { fail, type Result, succeed } from "../failure.ts";
import type { ModuleId } from "../id.ts";
import { moduleDirectory, sourceDirectory, sourceLink } from "../tree-layout.ts";
import type { FileChanges } from "./file-changes.ts";

/**
 * Makes or mends the link from the DKMS tree to `<source tree>/<name>-<version>`. Under another root it is relative, so
 * that it leads to the same place for the machine that lives there. Fails with E_NO_SOURCE (2) or E_CONF_MISSING (4).
 */
export function linkSource({ files, paths, root }: Host, module: ModuleId, changes: FileChanges): Result<undefined> {
  const directory = sourceDirectory(paths, module);
  const link = sourceLink(paths, module);
  if (files.stat(directory)?.kind !== "directory") {
    const remedy = `Put the module's source to ${directory}.`;
    return fail("E_NO_SOURCE", `There is no source directory ${directory}.`, { path: directory, remedy, dkmsExit: 2 });
  }
  if (files.stat(path.join(directory, "dkms.conf")) === undefined) return noConf(directory, 4);
  const own = moduleDirectory(paths, module);
  changes.makeDirectory(own);
  if (files.lstat(link) !== undefined && files.lstat(link)?.kind !== "link") changes.moveAway(link);
  changes.link(root === "/" ? directory : path.relative(files.realPath(own) ?? own, directory), link);
  return succeed(undefined);
}

/** E_CONF_MISSING, of a source directory. */
export function noConf(directory: string, dkmsExit: number): Result<never> {
  const remedy = "Name the directory of a DKMS module: it holds a dkms.conf.";
  return fail("E_CONF_MISSING", `There is no dkms.conf in ${directory}.`, { path: directory, remedy, dkmsExit });
}
