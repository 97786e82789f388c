import type { BuildInputs } from "../dkms/build-record.ts";
import { forgetFailure, rememberFailure } from "../dkms/failure-memory.ts";
import { type InstanceId, instanceAddress, kernelKey } from "../dkms/id.ts";
import type { Host } from "../host/host.ts";
import type { Step } from "../plan/step.ts";
import type { StepResult } from "./outcome.ts";

export interface RunResults {
  readonly steps: readonly Step[];
  readonly results: readonly StepResult[];
  /** What an instance would be made from, as the scan before this run saw it. */
  readonly inputsOf: (instance: InstanceId) => BuildInputs | undefined;
}

/**
 * Keeps in mind which instances failed, so that unattended runs do not build the same failure again and again, and
 * forgets those that are there now. Throws what the file system throws.
 */
export function noteFailures(host: Host, { steps, results, inputsOf }: RunResults): void {
  const outcomes = new Map<string, StepResult>(results.map((result) => [result.id, result]));
  // A depmod that fails takes back a rebuild of what was there; the next one would end like it.
  const failureOfKernel = (own: readonly StepResult[], { kernel }: InstanceId) =>
    own.some(({ kind, result }) => kind === "build" && result === "undone")
      ? outcomes.get(`depmod:${kernelKey(kernel)}`)?.failure
      : undefined;
  const instances = steps.flatMap((step) => ("instance" in step ? [step.instance] : []));
  for (const [address, instance] of new Map(instances.map((one) => [instanceAddress(one), one]))) {
    const own = steps.flatMap((step) => (step.address === address ? (outcomes.get(step.id) ?? []) : []));
    const failure = own.find((result) => result.failure)?.failure ?? failureOfKernel(own, instance);
    const inputs = inputsOf(instance);
    if (failure && inputs) rememberFailure(host, instance, { inputs, failure });
    else if (own.every(({ result }) => result === "done" || result === "unchanged")) forgetFailure(host, instance);
  }
}
