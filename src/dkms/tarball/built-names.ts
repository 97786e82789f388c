import type { Host } from "../../host/host.ts";
import { loadConf } from "../conf/load-conf.ts";
import type { KernelId, ModuleId } from "../id.ts";
import { absentKernel, readKernel } from "../read-kernels.ts";
import { sandboxedHost } from "./sandboxed-host.ts";
import type { StagedTarball } from "./stage-tarball.ts";

/**
 * Object name -> the name that it was built under, which is what the object calls itself: dkms.conf may install it under
 * another one. `undefined` where the archive's dkms.conf cannot be evaluated without running it as somebody.
 */
export async function builtNames(
  host: Host,
  {
    staged,
    module,
    kernel: id,
  }: { staged: Pick<StagedTarball, "layout" | "texts">; module: ModuleId; kernel: KernelId },
): Promise<ReadonlyMap<string, string> | undefined> {
  const { conf: file } = staged.layout;
  const kernel = readKernel(host, id) ?? absentKernel(host, id);
  const sandboxed = sandboxedHost(host, { file, text: staged.texts.get(file) ?? "" });
  const conf = await loadConf(sandboxed, { module, kernel, file, strict: false });
  return conf.ok ? new Map(conf.value.objects.map(({ destName, builtName }) => [destName, builtName])) : undefined;
}
