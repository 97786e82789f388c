import path from "node:path";
import type { Host } from "../../host/host.ts";
import type { DkmsConf } from "../conf/dkms-conf.ts";
import { destinationDirectory, readDistribution } from "../destination.ts";
import { fail, type Result, succeed } from "../failure.ts";
import { type InstanceId, instanceAddress } from "../id.ts";
import { objectName } from "../object-name.ts";
import { readObject } from "../read-object.ts";
import { kernelDirectory, moduleObjectsDirectory } from "../tree-layout.ts";
import { checkVermagic } from "./check-vermagic.ts";
import type { Placement } from "./install-job.ts";

/**
 * Which built object goes where. Fails with E_NO_OBJECT, E_BAD_OBJECT or E_WRONG_KERNEL: then nothing of the build may be
 * installed.
 */
export async function planPlacements(
  host: Host,
  instance: InstanceId,
  conf: DkmsConf,
): Promise<Result<readonly Placement[]>> {
  const { files, paths } = host;
  const directory = moduleObjectsDirectory(paths, instance);
  const kernel = kernelDirectory(paths, instance.kernel.release);
  const distribution = readDistribution(host);
  const built = (files.list(directory) ?? []).map(({ name }) => name);
  const placements: Placement[] = [];
  for (const spec of conf.objects) {
    const file = built.find((name) => objectName(name) === spec.destName);
    if (file === undefined) return noObject(instance, path.join(directory, `${spec.destName}.ko`));
    const object = path.join(directory, file);
    const read = await readObject(host, object);
    if (!read.ok) return read;
    const wrong = checkVermagic(read.value, { kernel: instance.kernel, path: object });
    if (wrong) return wrong;
    const place = path.join(kernel, destinationDirectory(spec, distribution, paths.addonModules), file);
    if (!place.startsWith(`${kernel}/`)) return outside(place);
    placements.push({ name: spec.destName, built: object, info: read.value.info, place });
  }
  return succeed(placements);
}

function noObject(instance: InstanceId, file: string): Result<never> {
  const message = `${instanceAddress(instance)} lacks an object that dkms.conf names: ${file}.`;
  return fail("E_NO_OBJECT", message, { path: file, remedy: "Build it again.", dkmsExit: 7 });
}

function outside(place: string): Result<never> {
  const remedy = "Correct DEST_MODULE_LOCATION in dkms.conf.";
  return fail("E_OUTSIDE_TREE", `${place} is not in the kernel's directory.`, { path: place, remedy, dkmsExit: 8 });
}
