import type { Host } from "../../host/host.ts";
import { fail, type Result, succeed } from "../failure.ts";
import type { KernelId } from "../id.ts";
import { signingPair } from "./choose-pair.ts";
import type { SigningSettings } from "./signing.ts";
import { signatureProblem, verifySignature } from "./verify-signature.ts";

export interface SignedRequest {
  readonly kernel: KernelId;
  readonly settings: SigningSettings;
  /** Kernel objects, compressed or not. */
  readonly objects: readonly string[];
}

/**
 * Where signing is required, looks at objects before they are installed, whoever built them: each must be signed with
 * the kernel's key and unchanged since, or it is E_SIGNING. Fails also as verifySignature does.
 */
export async function refuseUnsigned(
  host: Host,
  { kernel, settings, objects }: SignedRequest,
): Promise<Result<undefined>> {
  if (settings.policy !== "required") return succeed(undefined);
  const pair = await signingPair(host, kernel, settings);
  if (!pair.ok) return pair;
  const { certificate } = pair.value;
  for (const object of objects) {
    const verdict = await verifySignature(host, object, certificate);
    if (!verdict.ok) return verdict;
    const problem = signatureProblem(verdict.value, object, certificate);
    const remedy = 'Build it again, so that it is signed; or write "signing: optional" into the settings.';
    if (problem !== undefined) return fail("E_SIGNING", `Signing is required: ${problem}`, { path: object, remedy });
  }
  return succeed(undefined);
}
