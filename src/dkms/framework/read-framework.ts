import type { Host } from "../../host/host.ts";
import { type Result, succeed } from "../failure.ts";
import type { KernelId } from "../id.ts";
import { evaluateFramework } from "./evaluate-framework.ts";
import type { Framework } from "./framework.ts";
import { frameworkFiles } from "./framework-files.ts";
import { interpretFramework } from "./interpret-framework.ts";

/**
 * What framework.conf and framework.conf.d/*.conf, in the order of their names, say. Without such files everything is
 * at its default and no process is started; nor is one for files of plain assignments.
 *
 * With a kernel, `$kernelver` and `$arch` stand for it, also between single quotes and in values that dell/dkms reads
 * late (keys, sign-file, post_transaction); without one they are empty, as when dell/dkms reads the trees. Nothing but the
 * values of {@link Framework} comes out of the files: they are evaluated here, or in a bash of their own.
 *
 * Fails with E_CONF_INVALID, E_NO_TOOL, E_CANCELLED, or what reading says.
 */
export async function readFramework(host: FrameworkHost, kernel?: KernelId): Promise<Result<Framework>> {
  const files = frameworkFiles(host);
  if (!files.ok) return files;
  const evaluated = await evaluateFramework(host.run, files.value, knownVariables(host, kernel));
  return evaluated.ok ? succeed(interpretFramework(evaluated.value)) : evaluated;
}

/** What it takes of a host; a host that has its default trees yet will do. */
export type FrameworkHost = Pick<Host, "root" | "files" | "paths" | "run">;

/** What the files find set: the trees as they are so far, and the kernel. */
function knownVariables({ root, paths }: FrameworkHost, kernel: KernelId | undefined): ReadonlyMap<string, string> {
  const inside = (place: string) => (root !== "/" && place.startsWith(`${root}/`) ? place.slice(root.length) : place);
  const trees: [string, string][] = [
    ["source_tree", inside(paths.sourceTree)],
    ["dkms_tree", inside(paths.dkmsTree)],
    ["install_tree", inside(paths.installTree)],
    ["tmp_location", "/tmp"],
  ];
  return new Map(kernel ? [...trees, ["kernelver", kernel.release], ["arch", kernel.arch]] : trees);
}
