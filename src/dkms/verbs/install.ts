import type { Host } from "../../host/host.ts";
import { loadConf } from "../conf/load-conf.ts";
import { confOverrides } from "../conf/overrides.ts";
import { unsignedPolicy } from "../engine-policy.ts";
import { fail, type Result, succeed } from "../failure.ts";
import { type InstanceId, instanceAddress, moduleKey } from "../id.ts";
import { readKernel } from "../read-kernels.ts";
import { instanceEnvironment, runFinalScript, runScript, scriptTimeoutMs } from "../run-script.ts";
import { refuseUnsigned } from "../signing/refuse-unsigned.ts";
import { kernelDirectory, moduleObjectsDirectory } from "../tree-layout.ts";
import { isWantOfMemory } from "../want-of-memory.ts";
import { refuseOlder } from "./compare-active.ts";
import type { FileChanges } from "./file-changes.ts";
import type { InstallJob, InstallOptions } from "./install-job.ts";
import { isPlaced, placeObjects } from "./place-objects.ts";
import { planPlacements } from "./plan-placements.ts";
import { activeVersion, isBuilt, requireSource } from "./tree-checks.ts";
import type { Done } from "./verb.ts";
import { callWeakModules } from "./weak-modules.ts";
import { type Outcome, unchanged, withUndo } from "./with-undo.ts";

/**
 * Puts a build's objects into the kernel's install tree, all or none: each is copied beside its place and then renamed
 * over what is there, so that at no moment a module is missing that was there before. The kernel's own objects of the
 * same names are kept in original_module; objects of `replaces` that have no successor go in the same step. PRE_INSTALL
 * before, the active link and POST_INSTALL (whose failure is a notice) after. Nothing changes if all of it is so
 * already. depmod is a verb of its own.
 *
 * Fails with E_NOT_IN_TREE (3), E_BROKEN_MODULE (4), E_NO_KERNEL (6), E_NOT_BUILT, E_NO_OBJECT, E_BAD_OBJECT,
 * E_WRONG_KERNEL, E_CONF_INVALID (8), E_PRECONDITION if a version is installed that `replaces` does not name or another
 * module has installed an object of the same name (6), E_NEWER_INSTALLED (6), E_SIGNING, E_SCRIPT (101), E_CANCELLED, or
 * what the file system says.
 */
export function install(host: Host, instance: InstanceId, options: InstallOptions = {}): Promise<Result<Done>> {
  const doing = `install ${instanceAddress(instance)}`;
  const act = (changes: FileChanges) => putIn(host, { instance, options }, changes);
  return withUndo(host, { doing, label: instance.module.name, act });
}

interface Request {
  readonly instance: InstanceId;
  readonly options: InstallOptions;
}

async function putIn(host: Host, request: Request, changes: FileChanges): Promise<Result<Outcome>> {
  const { instance } = request;
  const prepared = await prepare(host, request);
  if (!prepared.ok) return prepared;
  const job = prepared.value;
  const builds = job.placements.map(({ built }) => built);
  const { signing: settings } = request.options.policy ?? unsignedPolicy;
  const signed = await refuseUnsigned(host, { kernel: instance.kernel, settings, objects: builds });
  if (!signed.ok) return signed;
  if (isPlaced(host, job)) return unchanged(`${instanceAddress(instance)} is installed already.`);
  const script = {
    directory: prepared.value.source,
    env: instanceEnvironment(instance),
    timeoutMs: scriptTimeoutMs,
  };
  const { preInstall, postInstall } = job.conf.scripts;
  const before = await runScript(host, { ...script, name: "PRE_INSTALL", line: preInstall });
  if (!before.ok && !(request.options.force && before.error.code === "E_SCRIPT")) return refused(before);
  // The script took its time, and dell/dkms takes no lock.
  const present = requireBuild(host, request);
  if (!present.ok) return present;
  const older = request.options.keepNewer && !job.force ? await refuseOlder(host, instance) : undefined;
  if (older) return { ok: false, error: older };
  const placed = await placeObjects(host, job, changes);
  if (!placed.ok) return placed;
  const objects = job.placements.map(({ place }) => place);
  const change = { instance, conf: job.conf, objects };
  const weak = await callWeakModules(host, { ...change, action: "add" });
  changes.afterRestore(() => callWeakModules(host, { ...change, action: "remove" }));
  const after = await runFinalScript(host, { ...script, name: "POST_INSTALL", line: postInstall });
  if (!after.ok) return after;
  const said = before.ok ? before.value : [before.error.message];
  return succeed({ changed: true, notices: [...job.conf.notices, ...said, ...placed.value, ...weak, ...after.value] });
}

async function prepare(host: Host, request: Request): Promise<Result<InstallJob & { readonly source: string }>> {
  const { instance, options } = request;
  const source = requireSource(host, instance.module);
  if (!source.ok) return source;
  const kernel = readKernel(host, instance.kernel);
  if (!kernel) return noKernel(host, instance);
  const present = requireBuild(host, request);
  if (!present.ok) return present;
  const { replaces = [] } = options;
  const conf = await loadConf(host, { module: instance.module, kernel, ...confOverrides(options) });
  if (!conf.ok) return conf;
  const placements = await planPlacements(host, instance, conf.value);
  if (!placements.ok) return placements;
  const active = activeVersion(host, instance.module.name, instance.kernel);
  const others = [...replaces, ...(active === undefined ? [] : [{ name: instance.module.name, version: active }])];
  return succeed({
    instance,
    kernel,
    conf: conf.value,
    source: source.value,
    placements: placements.value,
    replaces: others.filter(({ version }) => version !== instance.module.version),
    symlink: (options.policy ?? unsignedPolicy).symlinkModules,
    force: overrulesVersions(options),
  });
}

function noKernel({ paths }: Host, { kernel }: InstanceId): Result<never> {
  const path = kernelDirectory(paths, kernel.release);
  const remedy = `Install the kernel ${kernel.release}, or name one that is there.`;
  const message = `There is no kernel ${kernel.release}: ${path} does not exist.`;
  return fail("E_NO_KERNEL", message, { path, remedy, dkmsExit: 6 });
}

/** Built, and no version installed that nobody spoke of. */
function requireBuild(host: Host, { instance, options }: Request): Result<undefined> {
  const { module, kernel } = instance;
  if (!isBuilt(host, instance)) {
    const path = moduleObjectsDirectory(host.paths, instance);
    const message = `${instanceAddress(instance)} is not built: ${path} does not exist.`;
    return fail("E_NOT_BUILT", message, { path, remedy: "Build it first." });
  }
  const active = activeVersion(host, module.name, kernel);
  const expected = [module.version, ...(options.replaces ?? []).map(({ version }) => version)];
  if (active === undefined || expected.includes(active) || overrulesVersions(options)) return succeed(undefined);
  const message = `${moduleKey({ name: module.name, version: active })} is installed for ${kernel.release}.`;
  return fail("E_PRECONDITION", message, { remedy: "Uninstall it first, or let the new version replace it." });
}

function overrulesVersions({ force = false, forceVersion = false }: InstallOptions): boolean {
  return force || forceVersion;
}

/** dell/dkms has one exit code for this, whatever the script's own is. */
function refused(result: Result<never> | Result<readonly string[]>): Result<never> {
  if (result.ok) throw new Error("A script that succeeded refuses nothing");
  const { error } = result;
  const isOwn = error.code === "E_SCRIPT" || isWantOfMemory(error);
  return { ok: false, error: isOwn ? { ...error, dkmsExit: 101 } : error };
}
