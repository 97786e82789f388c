import path from "node:path";
import { fail, type Result, succeed } from "../../dkms/failure.ts";
import { type KernelId, kernelKey, type ModuleId, moduleKey } from "../../dkms/id.ts";
import { packingOf, type TarballScope, tarballName } from "../../dkms/tarball/tarball-name.ts";
import { progressTeller } from "../../dkms/tarball/tell-progress.ts";
import { tarballDirectory } from "../../dkms/tree-layout.ts";
import { carryOut } from "../../dkms/verbs/course.ts";
import { makeTarball, type TarballOrder } from "../../dkms/verbs/make-tarball.ts";
import { builtKernels } from "../../dkms/verbs/tree-checks.ts";
import { namedConfFile } from "./conf-file.ts";
import { knownModule } from "./named-module.ts";
import { courseOf, type Runner, refuse } from "./runner.ts";
import { kernelsOf, type Session } from "./session.ts";

/** `dkms mktarball` */
export const mktarballRunner: Runner = {
  lock: "if possible",
  history: "untold",
  check: (session) => {
    const order = orderOf(session);
    return order.ok ? undefined : order.error;
  },
  run: async (session) => {
    const order = orderOf(session);
    if (!order.ok) return refuse(session, order.error);
    const bad = await namedConfFile(session, order.value.module);
    if (!bad.ok) return refuse(session, bad.error);
    const { host, tell } = session;
    const { file } = order.value;
    if (packingOf(file) === undefined)
      tell({ type: "notice", text: `${file} is not compressed: its name ends in none of .gz, .bz2, .xz and .zst` });
    const onProgress = progressTeller({ clock: host.clock, tell, what: file });
    const packed = await carryOut(courseOf(session), { action: "pack", what: file }, async () => {
      const result = await makeTarball(host, { ...order.value, onProgress });
      return result.ok ? result : { ok: false, error: { ...result.error, dkmsExit: exitOf(result.error) } };
    });
    if (!packed.ok) return [packed.error];
    packed.value.undo.commit();
    return [];
  },
};

/** dell/dkms: 9 where nothing may be written, 6 where something else goes wrong. */
function exitOf({ code, dkmsExit }: { readonly code: string; readonly dkmsExit: number }): number {
  if (dkmsExit !== 1 || code === "E_CANCELLED") return dkmsExit;
  return code === "E_PERMISSION" || code === "E_READ_ONLY" ? 9 : 6;
}

function orderOf(session: Session): Result<TarballOrder> {
  const module = knownModule(session);
  if (!module.ok) return module;
  const chosen = chooseKernels(session, module.value);
  if (!chosen.ok) return chosen;
  const named = { module: module.value, ...chosen.value };
  const { archive } = session.call.options;
  const own = tarballDirectory(session.host.paths, module.value);
  // A name without a directory is one in the module's own, as with dell/dkms.
  const file = archive?.includes("/") ? path.resolve(archive) : path.join(own, archive ?? tarballName(named));
  return succeed({ ...named, file, packing: packingOf(file) ?? "none" });
}

interface Chosen {
  readonly kernels: readonly KernelId[];
  readonly scope: TarballScope;
}

/** --all of a module that is built for nothing is its source. */
function chooseKernels(session: Session, module: ModuleId): Result<Chosen> {
  const { all, sourceOnly, binariesOnly } = session.call.options;
  if (sourceOnly) return succeed({ kernels: [], scope: "source" });
  const kernels = all ? succeed(builtKernels(session.host, module)) : kernelsOf(session);
  if (!kernels.ok) return kernels;
  if (kernels.value.length > 0)
    return succeed({ kernels: once(kernels.value), scope: binariesOnly ? "binaries" : "all" });
  if (!binariesOnly) return succeed({ kernels: [], scope: "source" });
  const remedy = "Build it first, or give --source-only.";
  return fail("E_NOT_BUILT", `${moduleKey(module)} is built for no kernel.`, { remedy, dkmsExit: 6 });
}

function once(kernels: readonly KernelId[]): readonly KernelId[] {
  return [...new Map(kernels.map((kernel) => [kernelKey(kernel), kernel])).values()];
}
