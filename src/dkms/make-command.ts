import type { DkmsConf } from "./conf/dkms-conf.ts";
import type { ModuleId } from "./id.ts";
import type { Kernel } from "./kernel.ts";

export interface MakeRequest {
  readonly kernel: Kernel;
  /** Absolute: a relative one would be read from the kernel's headers. */
  readonly dkmsTree: string;
  readonly module: ModuleId;
  /** `undefined`: no -j is added, as under a jobserver. */
  readonly jobs: number | undefined;
  readonly llvm: boolean;
}

/**
 * The line that bash runs in the build directory. Options are put in only behind the letters
 * `make` at the very beginning; `'make' ...`, `VAR=x make ...` and scripts are left as the author wrote them.
 */
export function makeCommand(conf: DkmsConf, request: MakeRequest): string {
  const { kernel, jobs, llvm } = request;
  const written = conf.make ?? defaultCommand(request);
  const options = [jobs === undefined ? "" : ` -j${jobs}`, ` KERNELRELEASE=${kernel.id.release}`].join("");
  const command = written.startsWith("make") ? `make${options}${written.slice("make".length)}` : written;
  return llvm ? `${command} LLVM=1` : command;
}

function defaultCommand({ kernel, dkmsTree, module }: MakeRequest): string {
  const headers = kernel.headers?.directory ?? `${kernel.directory}/build`;
  return `make -C ${headers} M=${dkmsTree}/${module.name}/${module.version}/build`;
}
