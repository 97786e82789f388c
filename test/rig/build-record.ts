import type { BuildRecord } from "../../src/dkms/build-record.ts";
import type { InstanceId } from "../../src/dkms/id.ts";

/** A build record of an instance with one object. */
export function buildRecord(instance: InstanceId): BuildRecord {
  return {
    format: 1,
    ...instance,
    inputs: { source: "a", conf: "b", headers: "c", compiler: "d", dependencies: { base: "e" } },
    builtAt: "2026-01-01T00:00:00.000Z",
    durationMs: 1500,
    objects: [{ file: `${instance.module.name}.ko`, sha256: "f", size: 3, destination: "/updates" }],
  };
}
