import type { Host } from "../../host/host.ts";
import { loadConf } from "../conf/load-conf.ts";
import type { Failure } from "../failure.ts";
import { type KernelId, moduleKey } from "../id.ts";
import { absentKernel, readKernel } from "../read-kernels.ts";
import type { TreeModule } from "../read-tree.ts";
import { sourceLink } from "../tree-layout.ts";
import type { Course } from "./course.ts";
import { modulesFor, takeBackAll } from "./kernel-prerm.ts";

/**
 * Before a kernel of a release that is there already is unpacked over it: takes back what is built for it, so that
 * kernel_postinst builds it anew; only modules with AUTOINSTALL, which come back by themselves. As dell/dkms, but what
 * could not be built again (dkms.conf alone is there, or is unusable) stays installed, with a notice: dell/dkms takes it
 * away, or gives up altogether.
 *
 * Goes on after a failure, and returns them all; they have been told.
 */
export async function kernelPreinst(course: Course, kernel: KernelId): Promise<readonly Failure[]> {
  const leaving: TreeModule[] = [];
  for (const module of modulesFor(course.host, kernel))
    if (await isLeaving(course, module, kernel)) leaving.push(module);
  return takeBackAll(course, kernel, leaving);
}

/** What is broken leaves too: to be refused, and told, there. */
async function isLeaving({ host, tell, confs: known }: Course, module: TreeModule, id: KernelId): Promise<boolean> {
  if (module.link !== "linked") return true;
  const kernel = readKernel(host, id) ?? absentKernel(host, id);
  const conf = await loadConf(host, { module: module.id, kernel, known });
  if (conf.ok && !conf.value.autoinstall) return false;
  const why = conf.ok ? (hasSourceFiles(host, module) ? undefined : "its source is not there") : conf.error.message;
  if (why === undefined) return true;
  tell({ type: "notice", text: `${moduleKey(module.id)} stays, for it could not be built again: ${why}` });
  return false;
}

function hasSourceFiles({ files, paths }: Host, { id }: TreeModule): boolean {
  return (files.list(sourceLink(paths, id)) ?? []).some(({ name }) => name !== "dkms.conf");
}
