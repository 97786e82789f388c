import { add } from "../dkms/verbs/add.ts";
import { build } from "../dkms/verbs/build.ts";
import { depmod } from "../dkms/verbs/depmod.ts";
import { install } from "../dkms/verbs/install.ts";
import { remove } from "../dkms/verbs/remove.ts";
import { repair } from "../dkms/verbs/repair.ts";
import { sweep } from "../dkms/verbs/sweep.ts";
import { unbuild } from "../dkms/verbs/unbuild.ts";
import { uninstall } from "../dkms/verbs/uninstall.ts";
import type { TarballFile } from "../plan/step.ts";
import type { Engine } from "./engine.ts";

/** One verb of our own for each kind of step: the same functions that `dkms-agent dkms VERB` calls. */
export const builtInEngine: Engine = {
  add: async (host, { module, source, tarball }, { archives: { limits }, workshop: { confs: known } }) => {
    if (!tarball) return add(host, { module, known, ...(source !== undefined && { source }) });
    const { loadTarball } = await import("../dkms/verbs/load-tarball.ts");
    const request = { ...fileOf(tarball), module, kernels: [] };
    return loadTarball(host, request, { ...unattended, replaceSource: true, limits });
  },
  "load-tarball": async (host, { instance: { module, kernel }, tarball, replace }, { archives: { limits } }) => {
    const { loadTarball } = await import("../dkms/verbs/load-tarball.ts");
    const request = { ...fileOf(tarball), module, kernels: [kernel] };
    return loadTarball(host, request, { ...unattended, replace, limits });
  },
  sweep: (host, { name }) => sweep(host, { name }),
  repair: (host, { module }) => repair(host, { module }),
  build: (host, { instance, directives, timeoutMs, replace }, { jobs, buildTimeoutMs, policy, workshop }) => {
    const { pool, privateBuilds, confs } = workshop;
    workshop.begin();
    const shared = { ...(pool && { pool }), ...(privateBuilds && { privateBuilds }), ...(confs && { known: confs }) };
    return build(host, instance, {
      directives,
      replace,
      jobs,
      policy,
      timeoutMs: timeoutMs ?? buildTimeoutMs,
      ...shared,
    });
  },
  install: (host, { instance, directives, replaces }, { policy, workshop: { confs } }) =>
    install(host, instance, { directives, replaces, policy, ...(confs && { known: confs }) }),
  uninstall: (host, { instance }, { workshop: { confs } }) =>
    uninstall(host, instance, { ...(confs && { known: confs }) }),
  unbuild: (host, { instance }) => unbuild(host, instance),
  remove: (host, { module }) => remove(host, { module }),
  depmod: (host, { kernel }) => depmod(host, kernel),
  initramfs: async (host, { kernel, names, left }) => {
    const { makeInitramfs } = await import("../dkms/verbs/make-initramfs.ts");
    return makeInitramfs(host, kernel, { names, left });
  },
};

/** A host without the module's source is what archives of binaries are for. */
const unattended = { withoutSource: true };

function fileOf({ path, sha256 }: TarballFile): { readonly file: string; readonly sha256: string } {
  return { file: path, sha256 };
}
