import type { Host } from "../../host/host.ts";
import { ifReadable } from "../../host/system-error.ts";
import type { KernelId } from "../id.ts";
import { signingPair } from "./choose-pair.ts";
import type { SigningSettings } from "./signing.ts";

/**
 * SHA-256 of the certificate by whose key every object for this kernel has to be signed, where signing is required;
 * `undefined` where it is not, or where the certificate is not there or cannot be read: then nobody can say that a build
 * is signed by another. Makes nothing, and starts no process unless framework.conf needs bash.
 */
export async function requiredSigner(
  host: Host,
  kernel: KernelId,
  settings: SigningSettings,
): Promise<string | undefined> {
  if (settings.policy !== "required") return undefined;
  const pair = await signingPair(host, kernel, settings);
  if (!pair.ok) return undefined;
  return ifReadable(() => host.files.sha256(pair.value.certificate));
}
