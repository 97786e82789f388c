import { type KernelId, kernelKey } from "../dkms/id.ts";
import {
  declinedRemedy,
  findInitramfs,
  findInitramfsMaker,
  type InitramfsImage,
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
      return { image: image?.path, ...contentOf(record, image, installedDigests(modules, id)) };
    });
    return state ? [[kernelKey(id), state] as const] : [];
  });
  return { hindrance: hindranceOf(host), kernels: new Map(found) };
}

function contentOf(
  { modules, pending }: InitramfsRecord,
  image: InitramfsImage | undefined,
  installed: ReadonlyMap<string, string>,
): Pick<KernelInitramfs, "holds" | "pending"> {
  const isPending = pending !== undefined && image?.mark === pending.mark;
  const isAsInstalled = ([name, digest]: readonly [string, string]) => installed.get(name) === digest;
  const holds = new Map([...modules].map((one) => [one[0], !isPending && isAsInstalled(one)]));
  if (!isPending || ![...modules].every(isAsInstalled)) return { holds, pending: undefined };
  const { declined: text } = pending;
  return { holds, pending: { declined: text === undefined ? undefined : { text, remedy: declinedRemedy } } };
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
    return { text, remedy: "Make it there, for example: chroot ROOT dkms-agent apply" };
  }
  const maker = findInitramfsMaker(host);
  if (maker === "update-initramfs" && isSwitchedOff(host)) {
    const text = `${switchFile} says update_initramfs=no`;
    return { text, remedy: "Set it to yes there, or take initramfs: true out of the documents" };
  }
  if (maker !== undefined) return undefined;
  const text = `this host has none of ${initramfsMakers.join(", ")}`;
  return { text, remedy: "Install initramfs-tools or dracut, or make it by hand" };
}

const switchFile = "/etc/initramfs-tools/update-initramfs.conf";

/** It would say so itself, and end with 0. The file is read by a shell: the last of several counts. */
function isSwitchedOff({ files }: Host): boolean {
  const assignments = files.readText(switchFile)?.matchAll(/^\s*update_initramfs=(["']?)(\w*)\1/gm) ?? [];
  return [...assignments].at(-1)?.[2] === "no";
}
