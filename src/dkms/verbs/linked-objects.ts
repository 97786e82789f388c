import path from "node:path";
import type { Host } from "../../host/host.ts";
import { findObjects } from "../find-objects.ts";
import { type InstanceId, kernelKey } from "../id.ts";
import { objectLinkText } from "../object-link.ts";
import { objectName } from "../object-name.ts";
import { kernelDirectory, moduleObjectsDirectory } from "../tree-layout.ts";
import { type FileChanges, recordChanges } from "./file-changes.ts";

/** An installed object that is a link to a build. */
export interface LinkedObject {
  readonly place: string;
  readonly built: string;
}

/** What is installed of an instance as links to its build (dkms --symlink-modules). */
export function findLinkedObjects(host: Host, instance: InstanceId): readonly LinkedObject[] {
  const { files, paths } = host;
  const built = (files.list(moduleObjectsDirectory(paths, instance)) ?? []).flatMap(
    ({ name }) => objectName(name) ?? [],
  );
  const found = findObjects(host, kernelDirectory(paths, instance.kernel.release), new Set(built));
  return found.flatMap(({ path: place, target }) => {
    const isOwn = target?.packageName === instance.module.name && target.kernel === kernelKey(instance.kernel);
    const isThere = isOwn && path.dirname(target.file) === moduleObjectsDirectory(paths, instance);
    return isThere ? [{ place, built: target.file }] : [];
  });
}

/** Puts copies in the place of links whose build is about to be replaced: no object is missing while that happens. */
export function copyLinkedObjects(host: Host, request: LinkRequest, changes: FileChanges): void {
  replaceEach(
    host,
    request,
    changes,
    ({ built }) =>
      (copy) =>
        host.files.copyFile(built, copy),
  );
}

/** Puts the links back, to what the new build has under the same name; what it has no more stays a copy. */
export function relinkObjects(host: Host, { instance, links }: LinkRequest, changes: FileChanges): void {
  const still = links.filter(({ built }) => host.files.stat(built)?.kind === "file");
  replaceEach(host, { instance, links: still }, changes, ({ place, built }) => (copy) => {
    host.files.symlinkAtomic(objectLinkText(host, place, built), copy);
  });
}

export interface LinkRequest {
  readonly instance: InstanceId;
  readonly links: readonly LinkedObject[];
}

/** Under the module's own label, by which the sweep of an install tree knows what a killed run left there. */
function replaceEach(
  { files }: Host,
  { instance, links }: LinkRequest,
  changes: FileChanges,
  make: (link: LinkedObject) => (copy: string) => void,
): void {
  if (links.length === 0) return;
  const own = recordChanges(files, instance.module.name);
  changes.onRestore(own.undo.restore);
  changes.onCommit(own.undo.commit);
  for (const link of links) own.place(own.stage(path.dirname(link.place), make(link)), link.place);
}
