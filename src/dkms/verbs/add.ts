import path from "node:path";
import { copyTree } from "../../host/copy-tree.ts";
import type { Host } from "../../host/host.ts";
import { anyKernel } from "../any-kernel.ts";
import type { DkmsConf } from "../conf/dkms-conf.ts";
import { type KnownConfs, loadConf } from "../conf/load-conf.ts";
import { digestSource, isSource } from "../digest-source.ts";
import { fail, type Result, succeed } from "../failure.ts";
import { type ModuleId, moduleKey } from "../id.ts";
import { runFinalScript, scriptTimeoutMs } from "../run-script.ts";
import { sourceOverlap } from "../source-overlap.ts";
import { sourceDirectory, sourceLink } from "../tree-layout.ts";
import { checkCopy } from "./check-copy.ts";
import type { FileChanges } from "./file-changes.ts";
import { linkSource, noConf } from "./link-source.ts";
import { hasSource } from "./tree-checks.ts";
import type { Done } from "./verb.ts";
import { type Outcome, unchanged, withUndo } from "./with-undo.ts";

export interface AddTarget {
  readonly module: ModuleId;
  /** An absolute directory to copy to `<source tree>/<name>-<version>`; default: it is there already. */
  readonly source?: string;
  /** What dkms.conf files say already. */
  readonly known?: KnownConfs | undefined;
}

/**
 * Makes a module known to DKMS: its source in the source tree, the link to it in the DKMS tree, POST_ADD. Mends a link
 * that dangles or is missing. A `source` that differs from what is in the source tree replaces it; what was there comes
 * back with the undo. Nothing changes if all of it is so already.
 *
 * Fails with E_NO_SOURCE (2), E_CONF_MISSING (4, or 9 for `source`), E_CONF_INVALID, E_CANCELLED, or what the file
 * system says; a failing POST_ADD is a notice.
 */
export function add(host: Host, target: AddTarget): Promise<Result<Done>> {
  const key = moduleKey(target.module);
  const act = (changes: FileChanges) => addModule(host, target, changes);
  return withUndo(host, { doing: `add ${key}`, label: target.module.name, act });
}

async function addModule(host: Host, target: AddTarget, changes: FileChanges): Promise<Result<Outcome>> {
  const { module, source } = target;
  const copied = source === undefined ? succeed(false) : bringSource(host, { module, source }, changes);
  if (!copied.ok) return copied;
  const isLinked = hasSource(host, module) && (source === undefined || linksToSourceTree(host, module));
  if (isLinked && !copied.value) return unchanged();
  if (!isLinked) {
    const linked = linkSource(host, module, changes);
    if (!linked.ok) return linked;
  }
  const conf = await readOwnConf(host, target);
  if (!conf.ok) return conf;
  const said = await runFinalScript(host, {
    name: "POST_ADD",
    line: conf.value.scripts.postAdd,
    directory: sourceLink(host.paths, module),
    env: { module: module.name, module_version: module.version },
    timeoutMs: scriptTimeoutMs,
  });
  return said.ok ? succeed({ changed: true, notices: [...conf.value.notices, ...said.value] }) : said;
}

/** Whether the source tree's copy had to be changed. */
function bringSource(
  host: Host,
  target: Required<Pick<AddTarget, "module" | "source">>,
  changes: FileChanges,
): Result<boolean> {
  const { module, source } = target;
  const { files, paths } = host;
  const place = sourceDirectory(paths, module);
  const wanted = digestSource(files, source);
  if (!wanted.ok) return noSource(source, wanted);
  if (files.stat(path.join(source, "dkms.conf")) === undefined) return noConf(source, 9);
  if (files.realPath(source) === files.realPath(place)) return succeed(false);
  const overlap = sourceOverlap(host, module, source);
  if (overlap) return { ok: false, error: overlap };
  const present = digestSource(files, place);
  if (present.ok && present.value === wanted.value) return succeed(false);
  changes.makeDirectory(paths.sourceTree);
  const staged = changes.stage(paths.sourceTree, (copy) =>
    copyTree(files, source, copy, { durable: true, keep: isSource }),
  );
  const changed = checkCopy(host, { source, copy: staged, digest: wanted.value });
  if (changed) return changed;
  if (files.lstat(place) !== undefined) changes.moveAway(place);
  changes.rename(staged, place);
  return succeed(true);
}

function noSource(source: string, result: Result<string> & { ok: false }): Result<never> {
  if (result.error.code !== "E_NO_SOURCE") return result;
  const remedy = result.error.remedy ?? `Put the module's source to ${source}, or name another directory.`;
  return { ok: false, error: { ...result.error, remedy, dkmsExit: 2 } };
}

function linksToSourceTree({ files, paths }: Host, module: ModuleId): boolean {
  return files.realPath(sourceLink(paths, module)) === files.realPath(sourceDirectory(paths, module));
}

/** A copy of a given source goes away again with the failure, so the original is what to look at. */
async function readOwnConf(host: Host, { module, source, known }: AddTarget): Promise<Result<DkmsConf>> {
  const conf = await loadConf(host, { module, kernel: anyKernel(host), ...(known && { known }) });
  if (!conf.ok) return conf;
  const { packageName: name, packageVersion: version } = conf.value;
  if (name === module.name && version === module.version) return conf;
  const file = path.join(source ?? sourceDirectory(host.paths, module), "dkms.conf");
  const asked =
    source === undefined ? `Add it as ${name}/${version}` : `Write name ${name} and version ${version} instead`;
  return fail("E_CONF_INVALID", `${file} is that of ${name}/${version}, not of ${moduleKey(module)}.`, {
    path: file,
    remedy: `${asked}, or correct PACKAGE_NAME and PACKAGE_VERSION.`,
    dkmsExit: 8,
  });
}
