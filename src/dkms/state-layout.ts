import path from "node:path";
import type { Paths } from "../host/host.ts";
import type { InstanceId, KernelId, ModuleId } from "./id.ts";
import { component, inside } from "./path-component.ts";

/** Where what dkms-agent keeps for itself lies, in `<dkms tree>/.dkms-agent`. Pure: nothing is looked at. */

/** `<state>/lock`, held by one run: see apply/lock.ts. */
export function lockFile(paths: Paths): string {
  return inside(paths.state, "lock");
}

/** `<state>/daemon.lock`, held by the daemon as long as it lives, beside the lock that each of its runs takes. */
export function daemonLockFile(paths: Paths): string {
  return inside(paths.state, "daemon.lock");
}

/** `<state>/digests.json`: digests of files that did not change since; see known-digests.ts. */
export function digestsFile(paths: Paths): string {
  return inside(paths.state, "digests.json");
}

/** `<state>/scan.bin`: what was there when nothing was left to do; see actual-state/known-scan.ts. */
export function knownScanFile(paths: Paths): string {
  return inside(paths.state, "scan.bin");
}

/** `<state>/evaluations.bin`: what bash has said of dkms.conf files; see known-evaluations.ts. */
export function evaluationsFile(paths: Paths): string {
  return inside(paths.state, "evaluations.bin");
}

/** `<state>/desired.json`: what checked documents ask for; see desired-state/known-desired.ts. */
export function knownDesiredFile(paths: Paths): string {
  return inside(paths.state, "desired.json");
}

/** `<state>/objects.json`: what kernel objects say of themselves; see known-objects.ts. */
export function objectFactsFile(paths: Paths): string {
  return inside(paths.state, "objects.json");
}

/** `<state>/last-run.json`: how the last run ended, and how things stand; see contract/last-run-schema.ts. */
export function lastRunFile(paths: Paths): string {
  return inside(paths.state, "last-run.json");
}

/** `<state>/journal.jsonl`: what the runs did, append-only JSON lines. */
export function journalFile(paths: Paths): string {
  return inside(paths.state, "journal.jsonl");
}

/** What was refused since a run last held the lock: see apply/refused-runs.ts. */
export function refusedRunsDirectory(paths: Paths): string {
  return inside(paths.state, "refused");
}

/** `<state>/logs/<name>/<version>/<release>/<arch>/make.log`: the log of the last failed build of one instance. */
export function failedBuildLog(paths: Paths, { module, kernel }: InstanceId): string {
  const parts = [module.name, module.version, kernel.release, kernel.arch].map(component);
  return path.join(paths.state, "logs", ...parts, "make.log");
}

/** `<state>/builds`: the private directories of builds that run side by side, each with a random name. */
export function privateBuildsDirectory(paths: Paths): string {
  return path.join(paths.state, "builds");
}

/** `<state>/depmod`: what depmod takes for the root of the system where the install tree is no system's own. */
export function depmodBase(paths: Paths): string {
  return path.join(paths.state, "depmod");
}

/** `<state>/failures`: the directory of all {@link rememberedFailureFile}s. */
export function rememberedFailures(paths: Paths): string {
  return path.join(paths.state, "failures");
}

/** `<state>/failures/<name>/<version>/<release>/<arch>.json`: see failure-memory.ts. */
export function rememberedFailureFile(paths: Paths, { module, kernel }: InstanceId): string {
  const parts = [module.name, module.version, kernel.release, `${kernel.arch}.json`].map(component);
  return path.join(rememberedFailures(paths), ...parts);
}

/** `<state>/last-applied.json`: see last-applied.ts. */
export function lastAppliedFile(paths: Paths): string {
  return path.join(paths.state, "last-applied.json");
}

/** `<state>/protected`: see protections.ts. */
export function protectionsDirectory(paths: Paths): string {
  return path.join(paths.state, "protected");
}

/** `<state>/protected/<name>/<version>`: being there protects the module. */
export function protectionFile(paths: Paths, { name, version }: ModuleId): string {
  return path.join(protectionsDirectory(paths), component(name), component(version));
}

/**
 * `<state>/depmod-owed/<release>/<arch>`: written before what is installed for a kernel changes, removed when depmod has
 * run. A kill in between is thereby seen by the next scan, although every file is in its place.
 */
export function depmodMark(paths: Paths, { release, arch }: KernelId): string {
  return path.join(depmodMarks(paths), component(release), component(arch));
}

/** `<state>/depmod-ran/<release>/<arch>`: what modules.dep looked like when depmod had last been run by us. */
export function depmodRecord(paths: Paths, { release, arch }: KernelId): string {
  return path.join(depmodRecords(paths), component(release), component(arch));
}

/** `<state>/depmod-ran`: the directory of all {@link depmodRecord}s. */
export function depmodRecords(paths: Paths): string {
  return inside(paths.state, "depmod-ran");
}

/** `<state>/still-loaded.json`: see still-loaded.ts. */
export function stillLoadedFile(paths: Paths): string {
  return inside(paths.state, "still-loaded.json");
}

/** `<state>/depmod-owed`: the directory of all {@link depmodMark}s. */
export function depmodMarks(paths: Paths): string {
  return inside(paths.state, "depmod-owed");
}

/** `<state>/initramfs/<release>/<arch>.json`: see initramfs.ts. */
export function initramfsRecordFile(paths: Paths, { release, arch }: KernelId): string {
  return path.join(initramfsRecords(paths), component(release), `${component(arch)}.json`);
}

/** `<state>/initramfs`: the directory of all {@link initramfsRecordFile}s. */
export function initramfsRecords(paths: Paths): string {
  return inside(paths.state, "initramfs");
}
