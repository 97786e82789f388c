import type { Host } from "../../host/host.ts";
import { objectName } from "../find-objects.ts";
import { readBuilt } from "../footprint.ts";
import { type InstanceId, type ModuleId, nameProblem } from "../id.ts";
import { activeVersion } from "./tree-checks.ts";

/** An object of another package that is installed for the same kernel. */
export interface Rival {
  readonly module: ModuleId;
  /** The object's, without suffix. */
  readonly name: string;
  /** Of the build. */
  readonly sha256: string;
}

/**
 * The objects with one of the names that other packages have installed for the instance's kernel, as their active links
 * say, whether they are in the install tree at the moment or not.
 */
export function findRivals(host: Host, instance: InstanceId, names: ReadonlySet<string>): readonly Rival[] {
  const { files, paths } = host;
  const packages = (files.list(paths.dkmsTree) ?? []).map(({ name }) => name).filter(isPackage);
  return packages
    .filter((name) => name !== instance.module.name)
    .flatMap((name) => {
      const version = activeVersion(host, name, instance.kernel);
      if (version === undefined || nameProblem(version) !== undefined) return [];
      const module = { name, version };
      const objects = readBuilt(host, { module, kernel: instance.kernel }, names);
      return objects.flatMap(({ file, sha256 }) => ({ module, name: objectName(file) ?? file, sha256 }));
    });
}

function isPackage(name: string): boolean {
  return !name.startsWith(".") && nameProblem(name) === undefined;
}
