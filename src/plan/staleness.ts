import type { BuildInputs, BuildRecord } from "../dkms/build-record.ts";
import type { Reason } from "./step.ts";

/**
 * Why a build must be made again: the first input that is not what it was. `undefined` if it is fresh. A build without
 * a record (made by dell/dkms) and a build whose inputs cannot be told now (headers gone) count as fresh: what works
 * is not taken away on a suspicion. So does what came in a tarball: it was made elsewhere, from what is there.
 */
export function staleness(record: BuildRecord | undefined, { inputs, signer }: Now): Reason | undefined {
  const was = record?.inputs;
  if (!was || !inputs || record.tarball) return undefined;
  if (was.source !== inputs.source) return { code: "source-changed", text: "the source changed since it was built" };
  if (was.conf !== inputs.conf) {
    return { code: "conf-changed", text: "dkms.conf or its overrides now say something else for this kernel" };
  }
  if (was.headers !== inputs.headers) {
    return { code: "headers-changed", text: "the kernel headers changed since it was built" };
  }
  if (was.compiler !== inputs.compiler) {
    return { code: "compiler-changed", text: "the compiler changed since it was built" };
  }
  const dependency = changedDependency(was.dependencies, inputs.dependencies);
  if (dependency !== undefined) {
    return { code: "dependency-changed", text: `${dependency}, which it was built against, changed` };
  }
  if (signer === undefined || record.signer === signer) return undefined;
  const signed = record.signer === undefined ? "it is not signed" : "it is signed by another key";
  return { code: "signer-changed", text: `signing is required, and ${signed}` };
}

/** What a build would be made from now. */
export interface Now {
  readonly inputs: BuildInputs | undefined;
  /** SHA-256 of the certificate by whose key objects have to be signed; `undefined`: they need not be. */
  readonly signer: string | undefined;
}

/** A dependency that is not there any more changes nothing about what was built against it. */
function changedDependency(was: BuildInputs["dependencies"], now: BuildInputs["dependencies"]): string | undefined {
  return Object.keys(now).find((name) => was[name] !== now[name]);
}
