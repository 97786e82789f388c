import type { InstanceState } from "../../src/actual-state/actual-state.ts";
import type { BuildInputs } from "../../src/dkms/build-record.ts";
import type { InstanceId } from "../../src/dkms/id.ts";
import type { InstanceOptions } from "./world-options.ts";

/** The inputs that a world takes for "now" unless a test says otherwise. */
export const freshInputs: BuildInputs = {
  source: "source-1",
  conf: "conf-1",
  headers: "headers-1",
  compiler: "compiler-1",
  dependencies: {},
};

/** An instance that is there, as the scan would report it. */
export function toInstance(
  { module, kernel }: InstanceId,
  { level, inputs = {}, problems = [], tarball, signer }: InstanceOptions,
): InstanceState {
  const path = `/lib/modules/${kernel.release}/updates/dkms/${module.name}.ko`;
  return {
    kernel,
    level,
    objects: [
      { file: `${module.name}.ko`, sha256: "1", installed: level === "installed" ? { path, sha256: "1" } : undefined },
    ],
    record:
      inputs === "none"
        ? undefined
        : {
            format: 1,
            module,
            kernel,
            inputs: { ...freshInputs, ...inputs },
            builtAt: "2026-01-01T00:00:00.000Z",
            durationMs: 1,
            objects: [],
            ...(tarball !== undefined && { tarball: { sha256: tarball } }),
            ...(signer !== undefined && { signer }),
          },
    problems: problems.map((kind) => ({ kind, message: `${path}: ${kind}`, path })),
    originalsSaved: false,
  };
}
