import type { ActualState, InstanceState } from "../actual-state/actual-state.ts";
import type { LoadedVerdict } from "../actual-state/compare-loaded.ts";
import type { DesiredState } from "../desired-state/desired-state.ts";
import type { Diagnostic } from "../desired-state/diagnostic.ts";
import type { Plan } from "../plan/plan.ts";
import type { HostFacts } from "./plan-document.ts";

/** Everything that the status tells. Without documents there is no plan: then only what is there. */
export interface Status {
  readonly host: HostFacts;
  readonly actual: ActualState;
  readonly plan: Plan | undefined;
  readonly desired: DesiredState | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** Which version of a module is installed for a kernel, by {@link activeKey}. */
  readonly activeVersions: ReadonlyMap<string, string>;
  /** For each instance of the running kernel, by address, what of it is loaded. */
  readonly loaded: ReadonlyMap<string, LoadedVerdict>;
  /** What the administrator has to do by hand, outside of what can be applied. One sentence each. */
  readonly advice: readonly string[];
}

/** `name@release/arch` */
export function activeKey(name: string, { release, arch }: InstanceState["kernel"]): string {
  return `${name}@${release}/${arch}`;
}

/** The installed version of each module for each kernel: at most one can be. */
export function activeVersionsOf({ modules }: ActualState): ReadonlyMap<string, string> {
  const active = modules.flatMap(({ id, instances }) =>
    instances
      .filter(({ level }) => level === "installed")
      .map(({ kernel }) => [activeKey(id.name, kernel), id.version] as const),
  );
  return new Map(active);
}

interface Narrow {
  readonly modules: readonly { readonly name: string; readonly version: string | undefined }[];
  readonly kernel: string | undefined;
}

/** The status of some modules and one kernel alone. The plan is narrow already. */
export function narrowStatus(status: Status, { modules, kernel }: Narrow): Status {
  const { actual } = status;
  const isWanted = ({ release }: { readonly release: string }) => kernel === undefined || release === kernel;
  const isNamed = (id: { readonly name: string; readonly version: string }) =>
    modules.length === 0 ||
    modules.some(({ name, version }) => name === id.name && (version === undefined || version === id.version));
  const chosen = actual.modules
    .filter(({ id }) => isNamed(id))
    .map((module) => ({ ...module, instances: module.instances.filter((instance) => isWanted(instance.kernel)) }));
  const kernels = actual.kernels.filter(({ id }) => isWanted(id));
  return { ...status, actual: { ...actual, modules: chosen, kernels } };
}
