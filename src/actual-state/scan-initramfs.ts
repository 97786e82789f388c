import { type KernelId, kernelKey } from "../dkms/id.ts";
import {
  findInitramfs,
  findInitramfsMaker,
  type InitramfsRecord,
  initramfsMakers,
  objectsDigest,
  readInitramfsRecord,
} from "../dkms/initramfs.ts";
import type { Host } from "../host/host.ts";
import type { InitramfsState, KernelInitramfs, ModuleState } from "./actual-state.ts";
import { attempt, type Scan } from "./scan.ts";

/** Whether each kernel has an initramfs, and whether that holds what is installed. */
export function scanInitramfs(scan: Scan, modules: readonly ModuleState[]): InitramfsState {
  const { host, kernels } = scan;
  const found = kernels.flatMap(({ id, directory }) => {
    const state = attempt(scan, directory, (): KernelInitramfs => {
      const image = findInitramfs(host, id);
      const record = readInitramfsRecord(host, id);
      // Whoever it was left to has not made it.
      const isMade = record.leftAt === undefined || (image !== undefined && image.mtimeMs >= record.leftAt);
      return { image: image?.path, holds: holdsOf(record, isMade, installedDigests(modules, id)) };
    });
    return state ? [[kernelKey(id), state] as const] : [];
  });
  return { hindrance: hindranceOf(host), kernels: new Map(found) };
}

function holdsOf(
  { modules }: InitramfsRecord,
  isMade: boolean,
  installed: ReadonlyMap<string, string>,
): KernelInitramfs["holds"] {
  return new Map([...modules].map(([name, digest]) => [name, isMade && installed.get(name) === digest]));
}

/** By the module's name: what its objects are told from others by. */
function installedDigests(modules: readonly ModuleState[], kernel: KernelId): ReadonlyMap<string, string> {
  const isMeant = (one: ModuleState["instances"][number]) =>
    one.level === "installed" && kernelKey(one.kernel) === kernelKey(kernel);
  return new Map(
    modules.flatMap(({ id, instances }) =>
      instances.filter(isMeant).map(({ objects }) => [id.name, objectsDigest(objects)] as const),
    ),
  );
}

/** What makes an initramfs looks at the running system: from outside of a root it would write into the wrong one. */
function hindranceOf(host: Host): InitramfsState["hindrance"] {
  const { root, paths } = host;
  if (root !== "/" || paths.installTree !== "/lib/modules") {
    const text = `it cannot be made from outside of ${root === "/" ? paths.installTree : root}`;
    return { text, remedy: "Make it there, for example: chroot ROOT update-initramfs -u -k all" };
  }
  if (findInitramfsMaker(host) !== undefined) return undefined;
  const text = `this host has none of ${initramfsMakers.join(", ")}`;
  return { text, remedy: "Install initramfs-tools or dracut, or make it by hand" };
}
