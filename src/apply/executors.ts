import type { EnginePolicy } from "../dkms/engine-policy.ts";
import type { Result } from "../dkms/failure.ts";
import { add } from "../dkms/verbs/add.ts";
import { build } from "../dkms/verbs/build.ts";
import { depmod } from "../dkms/verbs/depmod.ts";
import { install } from "../dkms/verbs/install.ts";
import { remove } from "../dkms/verbs/remove.ts";
import { repair } from "../dkms/verbs/repair.ts";
import { unbuild } from "../dkms/verbs/unbuild.ts";
import { uninstall } from "../dkms/verbs/uninstall.ts";
import type { Done } from "../dkms/verbs/verb.ts";
import type { Host } from "../host/host.ts";
import type { Step, StepKind } from "../plan/step.ts";

export interface ExecuteOptions {
  /** `make -j` of one build. */
  readonly jobs: number;
  /** For builds whose module says nothing. */
  readonly buildTimeoutMs: number;
  readonly policy: EnginePolicy;
}

type Executors = {
  readonly [K in StepKind]: (host: Host, step: Step<K>, options: ExecuteOptions) => Promise<Result<Done>>;
};

/** One verb of the engine for each kind of step: the same functions that `dkms-agent dkms VERB` calls. */
const executors: Executors = {
  add: (host, { module, source }) => add(host, source === undefined ? { module } : { module, source }),
  repair: (host, { module }) => repair(host, { module }),
  build: (host, { instance, directives, timeoutMs, replace }, { jobs, buildTimeoutMs, policy }) =>
    build(host, instance, { directives, replace, jobs, policy, timeoutMs: timeoutMs ?? buildTimeoutMs }),
  install: (host, { instance, directives, replaces }, { policy }) =>
    install(host, instance, { directives, replaces, policy }),
  uninstall: (host, { instance }) => uninstall(host, instance),
  unbuild: (host, { instance }) => unbuild(host, instance),
  remove: (host, { module }) => remove(host, { module }),
  depmod: (host, { kernel }) => depmod(host, kernel),
};

/** Carries out one step. */
export function execute<K extends StepKind>(host: Host, step: Step<K>, options: ExecuteOptions): Promise<Result<Done>> {
  const executor: Executors[K] = executors[step.kind];
  return executor(host, step, options);
}
