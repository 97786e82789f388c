import path from "node:path";
import type { Host } from "../../host/host.ts";
import type { DkmsConf } from "../conf/dkms-conf.ts";
import { loadConf } from "../conf/load-conf.ts";
import { confOverrides, type Overrides } from "../conf/overrides.ts";
import { type Result, succeed } from "../failure.ts";
import { readFootprint } from "../footprint.ts";
import { type InstanceId, instanceAddress, type KernelId } from "../id.ts";
import { absentKernel, readKernel } from "../read-kernels.ts";
import { instanceEnvironment, runFinalScript, scriptTimeoutMs } from "../run-script.ts";
import { noteStillLoaded } from "../still-loaded.ts";
import { activeLink, kernelDirectory, sourceLink } from "../tree-layout.ts";
import type { FileChanges } from "./file-changes.ts";
import { findOwnObjects } from "./find-own-objects.ts";
import { dropOriginals, findOriginals, type Original } from "./originals.ts";
import { oweDepmod } from "./owe-depmod.ts";
import { oweInitramfs } from "./owe-initramfs.ts";
import { pruneTop } from "./prune-top.ts";
import { activeVersion, requireAdded } from "./tree-checks.ts";
import type { Done } from "./verb.ts";
import { callWeakModules } from "./weak-modules.ts";
import { type Outcome, unchanged, withUndo } from "./with-undo.ts";

/**
 * Takes an instance's objects out of the install tree, puts the kernel's own back, and removes the active link; then
 * POST_REMOVE, whose failure is a notice. Works without a usable dkms.conf too: what is in `module/` and in the build
 * record tells what to look for. What is not installed stays so, with a notice. depmod is a verb of its own.
 *
 * Fails with E_NOT_IN_TREE (3), E_CANCELLED, or what the file system says.
 */
export function uninstall(host: Host, instance: InstanceId, options: Overrides = {}): Promise<Result<Done>> {
  const doing = `uninstall ${instanceAddress(instance)}`;
  const act = (changes: FileChanges) => takeOut(host, { instance, options }, changes);
  return withUndo(host, { doing, label: instance.module.name, act });
}

interface UninstallRequest {
  readonly instance: InstanceId;
  readonly options: Overrides;
}

async function takeOut(host: Host, request: UninstallRequest, changes: FileChanges): Promise<Result<Outcome>> {
  const { instance } = request;
  const { module, kernel } = instance;
  const added = requireAdded(host, module);
  if (!added.ok) return added;
  const conf = await evaluate(host, request);
  if (!conf.ok) return conf;
  const active = activeVersion(host, module.name, kernel);
  const isInstalled = active === module.version;
  const traces = findTraces(host, { instance, conf: conf.value, isInstalled });
  // Without a link there may still be what a killed run has left.
  const hasTraces = active === undefined && (traces.ours.size > 0 || traces.originals.length > 0);
  if (!isInstalled && !hasTraces) return unchanged(`${instanceAddress(instance)} is not installed.`);
  const gone = { instance, conf: conf.value, objects: isInstalled ? [...traces.ours] : [] };
  const weak = await callWeakModules(host, { ...gone, action: "remove" });
  changes.afterRestore(() => callWeakModules(host, { ...gone, action: "add" }));
  const notices = [...weak, ...exchange(host, { instance, traces }, changes)];
  if (!isInstalled) return succeed({ changed: true, notices });
  const said = await runFinalScript(host, {
    name: "POST_REMOVE",
    line: conf.value?.scripts.postRemove,
    directory: sourceLink(host.paths, module),
    env: instanceEnvironment(instance),
    timeoutMs: scriptTimeoutMs,
  });
  return said.ok ? succeed({ changed: true, notices: [...notices, ...said.value] }) : said;
}

/** Whatever is wrong with dkms.conf, what it has installed once can be removed. */
async function evaluate(host: Host, { instance, options }: UninstallRequest): Promise<Result<DkmsConf | undefined>> {
  const kernel = readKernel(host, instance.kernel) ?? absentKernel(host, instance.kernel);
  const conf = await loadConf(host, { module: instance.module, kernel, ...confOverrides(options), strict: false });
  return conf.ok || conf.error.code === "E_CANCELLED" ? conf : succeed(undefined);
}

/** What an instance has in the install tree, and what is kept for it. */
interface Traces {
  readonly ours: ReadonlySet<string>;
  readonly originals: readonly Original[];
}

interface TracesQuery {
  readonly instance: InstanceId;
  readonly conf: DkmsConf | undefined;
  readonly isInstalled: boolean;
}

function findTraces(host: Host, { instance, conf, isInstalled }: TracesQuery): Traces {
  const { module, kernel } = instance;
  const prints = [{ ...readFootprint(host, instance, conf), isInstalled }];
  const { own } = findOwnObjects(host, { instance, prints });
  return {
    ours: new Set(own.map((object) => object.path)),
    originals: findOriginals(host, { name: module.name, kernel }),
  };
}

interface ExchangeRequest {
  readonly instance: InstanceId;
  readonly traces: Traces;
}

/**
 * Puts the kernel's own objects back, over ours where both have one place, and only then removes ours. What was kept goes
 * last, after the link: killed before, an install or uninstall still knows which object is whose.
 */
function exchange(host: Host, { instance, traces }: ExchangeRequest, changes: FileChanges): string[] {
  const { files, paths } = host;
  const { module, kernel } = instance;
  const directory = kernelDirectory(paths, kernel.release);
  const { restorable, obsolete, notices } = sortOriginals(host, kernel, traces);
  const staged = restorable.map(({ stored, place }) => {
    changes.makeDirectory(path.dirname(place));
    return { place, copy: changes.stage(path.dirname(place), (copy) => files.copyFile(stored, copy)) };
  });
  changes.onRestore(noteStillLoaded(host, { name: module.name, kernel }, [...traces.ours]));
  oweDepmod(host, kernel, changes);
  oweInitramfs(host, instance, changes);
  for (const { place, copy } of staged) changes.place(copy, place);
  const restored = new Set(staged.map(({ place }) => place));
  for (const file of traces.ours) {
    if (!restored.has(file)) changes.moveAway(file);
    changes.prune(path.dirname(file), pruneTop(directory, file));
  }
  const link = activeLink(paths, module.name, kernel);
  if (files.lstat(link) !== undefined) changes.moveAway(link);
  dropOriginals(host, { name: module.name, kernel }, [...restorable, ...obsolete], changes);
  return notices;
}

interface SortedOriginals {
  readonly restorable: readonly (Original & { readonly place: string })[];
  /** Their place is taken, or their kernel is gone. */
  readonly obsolete: readonly Original[];
  readonly notices: string[];
}

function sortOriginals({ files, paths }: Host, kernel: KernelId, { ours, originals }: Traces): SortedOriginals {
  const restorable: (Original & { readonly place: string })[] = [];
  const obsolete: Original[] = [];
  const notices: string[] = [];
  const isKernelThere = files.stat(kernelDirectory(paths, kernel.release)) !== undefined;
  for (const original of originals) {
    const { place, stored } = original;
    if (place === undefined) {
      notices.push(`${stored} is kept: where it came from is not known.`);
    } else if (isKernelThere && (files.lstat(place) === undefined || ours.has(place))) {
      restorable.push({ ...original, place });
    } else {
      obsolete.push(original);
      // The kernel's package has been installed again: what it brought is newer.
      if (isKernelThere) notices.push(`${stored} is dropped: ${place} is there.`);
    }
  }
  return { restorable, obsolete, notices };
}
