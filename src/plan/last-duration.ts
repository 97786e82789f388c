import type { ActualState } from "../actual-state/actual-state.ts";
import { type InstanceId, instanceAddress, moduleKey } from "../dkms/id.ts";

/**
 * How long a build of this instance will take, in milliseconds, if it takes as long as last time: its own build, else the
 * longest of the same module for another kernel, else of another version; `undefined` if there was none.
 */
export function lastDuration({ modules }: ActualState, instance: InstanceId): number | undefined {
  const builds = modules
    .filter(({ id }) => id.name === instance.module.name)
    .flatMap(({ id, instances }) =>
      instances.flatMap(({ kernel, record }) =>
        record ? [{ id: { module: id, kernel }, ms: record.durationMs }] : [],
      ),
    );
  const own = builds.filter(({ id }) => instanceAddress(id) === instanceAddress(instance));
  const sameVersion = builds.filter(({ id }) => moduleKey(id.module) === moduleKey(instance.module));
  const nearest = [own, sameVersion, builds].find((some) => some.length > 0);
  return nearest && Math.max(...nearest.map(({ ms }) => ms));
}
