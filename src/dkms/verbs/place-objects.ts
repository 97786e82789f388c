import path from "node:path";
import type { Host } from "../../host/host.ts";
import { fail, type Result, succeed } from "../failure.ts";
import type { FoundObject } from "../find-objects.ts";
import { moduleKey } from "../id.ts";
import { leadsTo, objectLinkText } from "../object-link.ts";
import { readObject } from "../read-object.ts";
import { noteStillLoaded } from "../still-loaded.ts";
import { activeLink, activeLinkTarget, kernelDirectory } from "../tree-layout.ts";
import type { FileChanges } from "./file-changes.ts";
import type { Rival } from "./find-rivals.ts";
import type { InstallJob, Placement } from "./install-job.ts";
import { saveOriginals } from "./originals.ts";
import { oweDepmod } from "./owe-depmod.ts";
import { oweInitramfs } from "./owe-initramfs.ts";
import { pruneTop } from "./prune-top.ts";
import { surveyKernel } from "./survey-kernel.ts";
import { isActive } from "./tree-checks.ts";
import { checkVersions } from "./version-check.ts";

/** Whether everything is installed as it should be, and nothing of this module beside it. */
export function isPlaced(host: Host, job: InstallJob): boolean {
  const { files } = host;
  const isSame = ({ built, place }: Placement) =>
    files.lstat(place)?.kind === "file" ? files.sameContent(place, built) : leadsTo(host, place, built);
  return isActive(host, job.instance) && job.placements.every(isSame) && surveyKernel(host, job).stale.length === 0;
}

/**
 * Puts the objects in place and sets the active link; returns notices. Fails with E_NEWER_INSTALLED (6), and with
 * E_PRECONDITION (6) if another package has installed an object of the same name.
 */
export async function placeObjects(
  host: Host,
  job: InstallJob,
  changes: FileChanges,
): Promise<Result<readonly string[]>> {
  const { files, paths } = host;
  const { instance, placements } = job;
  const { stale, foreign: found, rivals } = surveyKernel(host, job);
  const [rival] = rivals;
  if (rival && !job.force) return refuseRival(rival, job);
  const foreign = await withoutDebris(host, job, found);
  const refusal = await checkVersions(host, job, foreign);
  if (refusal) return { ok: false, error: refusal };
  // Everything that needs space comes first: from here on there are only renames.
  const staged = placements.map(({ built, place }) => {
    changes.makeDirectory(path.dirname(place));
    const create = (copy: string) =>
      job.symlink ? files.symlinkAtomic(objectLinkText(host, place, built), copy) : files.copyFile(built, copy);
    return { place, copy: changes.stage(path.dirname(place), create) };
  });
  const of = { name: instance.module.name, kernel: instance.kernel };
  for (const { name } of placements) {
    const found = foreign.filter((object) => object.name === name);
    saveOriginals(
      host,
      of,
      found.map((object) => object.path),
      changes,
    );
  }
  changes.onRestore(noteStillLoaded(host, of, stale));
  oweDepmod(host, instance.kernel, changes);
  oweInitramfs(host, instance, changes);
  for (const { place, copy } of staged) changes.place(copy, place);
  const places = new Set(placements.map(({ place }) => place));
  const kernel = kernelDirectory(paths, instance.kernel.release);
  for (const file of stale) {
    changes.moveAway(file);
    changes.prune(path.dirname(file), pruneTop(kernel, file));
  }
  // Their directories stay, for them to come back to.
  for (const object of foreign) if (!places.has(object.path)) changes.moveAway(object.path);
  changes.link(activeLinkTarget(instance), activeLink(paths, instance.module.name, instance.kernel));
  return succeed(foreign.map((found) => `${found.path} is kept in original_module until this is uninstalled.`));
}

/** dell/dkms keeps the other's object as an original: each install of the two then swaps them. */
function refuseRival({ instance: rival, name }: Rival, { instance, placements }: InstallJob): Result<never> {
  const other = moduleKey(rival.module);
  const { release, arch } = rival.kernel;
  const where = arch === instance.kernel.arch ? release : `${release} (${arch})`;
  const message = `${other} is installed for ${where} and has an object ${name} too.`;
  const remedy = `Uninstall ${other} for this kernel, or take one of the two out of the desired state.`;
  const place = placements.find((placement) => placement.name === name)?.place;
  return fail("E_PRECONDITION", message, { ...(place !== undefined && { path: place }), remedy, dkmsExit: 6 });
}

/** What lies at our own place and is no kernel object was half written by a killed dell/dkms: it is just overwritten. */
async function withoutDebris(host: Host, { placements }: InstallJob, found: readonly FoundObject[]) {
  const kept: FoundObject[] = [];
  for (const object of found) {
    const isOurPlace = placements.some(({ place }) => place === object.path);
    if (!isOurPlace || (await readObject(host, object.path)).ok) kept.push(object);
  }
  return kept;
}
