import { add } from "../dkms/verbs/add.ts";
import { build } from "../dkms/verbs/build.ts";
import { depmod } from "../dkms/verbs/depmod.ts";
import { install } from "../dkms/verbs/install.ts";
import { remove } from "../dkms/verbs/remove.ts";
import { repair } from "../dkms/verbs/repair.ts";
import { sweep } from "../dkms/verbs/sweep.ts";
import { unbuild } from "../dkms/verbs/unbuild.ts";
import { uninstall } from "../dkms/verbs/uninstall.ts";
import type { Engine } from "./engine.ts";

/** One verb of our own for each kind of step: the same functions that `dkms-agent dkms VERB` calls. */
export const builtInEngine: Engine = {
  add: (host, { module, source }) => add(host, source === undefined ? { module } : { module, source }),
  sweep: (host, { name }) => sweep(host, { name }),
  repair: (host, { module }) => repair(host, { module }),
  build: (host, { instance, directives, timeoutMs, replace }, { jobs, buildTimeoutMs, policy, workshop }) => {
    const { pool, privateBuilds } = workshop;
    const shared = { ...(pool && { pool }), ...(privateBuilds && { privateBuilds }) };
    return build(host, instance, {
      directives,
      replace,
      jobs,
      policy,
      timeoutMs: timeoutMs ?? buildTimeoutMs,
      ...shared,
    });
  },
  install: (host, { instance, directives, replaces }, { policy }) =>
    install(host, instance, { directives, replaces, policy }),
  uninstall: (host, { instance }) => uninstall(host, instance),
  unbuild: (host, { instance }) => unbuild(host, instance),
  remove: (host, { module }) => remove(host, { module }),
  depmod: (host, { kernel }) => depmod(host, kernel),
};
