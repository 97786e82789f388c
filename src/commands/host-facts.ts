import { readMachineId } from "../dkms/machine-id.ts";
import type { Host } from "../host/host.ts";
import type { HostFacts } from "../report/plan-document.ts";

/** The machine, as documents tell of it. */
export function hostFacts(host: Host): HostFacts {
  const { arch, runningKernel } = host.machine;
  return { machineId: readMachineId(host), arch, runningKernel };
}
