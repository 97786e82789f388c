import path from "node:path";
import type { Host } from "../../host/host.ts";
import { kernelDirectory } from "../tree-layout.ts";
import { type FoundObject, findObjects, footprint } from "./find-objects.ts";
import type { InstallJob } from "./install-job.ts";
import { activeVersion, builtVersions } from "./tree-checks.ts";

/** What is in a kernel's install tree under the names that an install is about. */
export interface Survey {
  /** Objects of this module, of whatever version, that the new ones do not overwrite. */
  readonly stale: readonly string[];
  /** Objects that are not this module's; of one name, the one that goes to the top of original_module first. */
  readonly foreign: readonly FoundObject[];
}

/**
 * Looks through the kernel's directory. A file is the module's own if it has the content of one of its builds, or if some
 * version is installed and the file lies where DKMS puts it.
 */
export function surveyKernel(host: Host, job: InstallJob): Survey {
  const { files, paths } = host;
  const { instance, conf, placements, replaces } = job;
  const { module, kernel } = instance;
  const active = activeVersion(host, module.name, kernel);
  const versions = new Set([
    module.version,
    ...replaces.map(({ version }) => version),
    ...builtVersions(host, module.name, kernel),
  ]);
  const prints = [...versions].map((version) => ({
    version,
    ...footprint(
      host,
      { module: { name: module.name, version }, kernel },
      version === module.version ? conf : undefined,
    ),
  }));
  const digests = new Set(prints.flatMap((print) => [...print.digests]));
  const installed = prints.filter(({ version }) => active !== undefined && [active, module.version].includes(version));
  const isOwn = (found: FoundObject) =>
    installed.some((print) => print.places.get(found.name) === path.dirname(found.path)) ||
    digests.has(files.sha256(found.path) ?? "");
  const leaving = prints.filter(({ version }) => replaces.some((other) => other.version === version));
  const names = new Set([...placements.map(({ name }) => name), ...leaving.flatMap((print) => [...print.names])]);
  const found = findObjects(files, kernelDirectory(paths, kernel.release), names);
  const own = new Set(found.filter(isOwn));
  const isPlace = (object: FoundObject) => placements.some(({ place }) => place === object.path);
  const isNamed = (object: FoundObject) => placements.some(({ name }) => name === object.name);
  const foreign = found.filter((object) => !own.has(object) && isNamed(object));
  return {
    stale: [...own].filter((object) => !isPlace(object)).map((object) => object.path),
    foreign: foreign.sort((a, b) => rank(host, job, a) - rank(host, job, b)),
  };
}

/** dell/dkms looks in this order (tried). */
function rank({ paths }: Host, { instance, placements }: InstallJob, found: FoundObject): number {
  const kernel = kernelDirectory(paths, instance.kernel.release);
  const own = placements.find(({ name }) => name === found.name)?.place ?? "";
  const order = [path.join(kernel, "extra"), path.join(kernel, "updates"), path.dirname(own)];
  const index = order.indexOf(path.dirname(found.path));
  return index < 0 ? order.length : index;
}
