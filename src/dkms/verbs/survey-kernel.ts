import path from "node:path";
import type { Host } from "../../host/host.ts";
import type { FoundObject } from "../find-objects.ts";
import { type Claims, readFootprint } from "../footprint.ts";
import { kernelDirectory } from "../tree-layout.ts";
import { findOwnObjects } from "./find-own-objects.ts";
import type { Rival } from "./find-rivals.ts";
import type { InstallJob } from "./install-job.ts";
import { activeVersion, builtVersions } from "./tree-checks.ts";

/** What is in a kernel's install tree under the names that an install is about. */
export interface Survey {
  /** Objects of this module, of whatever version, that the new ones do not overwrite. */
  readonly stale: readonly string[];
  /** Objects that are not this module's; of one name, the one that goes to the top of original_module first. */
  readonly foreign: readonly FoundObject[];
  /** Objects that another installed package has under a name of the new ones. */
  readonly rivals: readonly Rival[];
}

/** Looks through the kernel's directory; whose a file is, {@link findOwnObjects} decides, for all versions together. */
export function surveyKernel(host: Host, job: InstallJob): Survey {
  const { instance, placements } = job;
  const named = new Set(placements.map(({ name }) => name));
  const query = { instance, prints: printsOf(host, job), names: [...named] };
  const { own, others, rivals } = findOwnObjects(host, query);
  const places = new Set(placements.map(({ place }) => place));
  const foreign = others.filter(({ name }) => named.has(name));
  return {
    stale: own.map((object) => object.path).filter((place) => !places.has(place)),
    foreign: foreign.sort((a, b) => rank(host, job, a) - rank(host, job, b)),
    rivals: rivals.filter(({ name }) => named.has(name)),
  };
}

/** Of every version that is built for the kernel. */
function printsOf(host: Host, { instance, conf, replaces }: InstallJob): Claims["prints"] {
  const { module, kernel } = instance;
  const active = activeVersion(host, module.name, kernel);
  const built = builtVersions(host, module.name, kernel);
  const versions = new Set([module.version, ...replaces.map(({ version }) => version), ...built]);
  return [...versions].map((version) => ({
    ...readFootprint(
      host,
      { module: { name: module.name, version }, kernel },
      version === module.version ? conf : undefined,
    ),
    isInstalled: active !== undefined && [active, module.version].includes(version),
  }));
}

/** dell/dkms looks in this order (tried). */
function rank({ paths }: Host, { instance, placements }: InstallJob, found: FoundObject): number {
  const kernel = kernelDirectory(paths, instance.kernel.release);
  const own = placements.find(({ name }) => name === found.name)?.place ?? "";
  const order = [path.join(kernel, "extra"), path.join(kernel, "updates"), path.dirname(own)];
  const index = order.indexOf(path.dirname(found.path));
  return index < 0 ? order.length : index;
}
