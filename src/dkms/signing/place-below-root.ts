import path from "node:path";
import type { Host } from "../../host/host.ts";
import type { KernelId } from "../id.ts";

/** A path of the settings or framework.conf on this host: `$kernelver` filled in, the root in front. */
export function placeBelowRoot({ root }: Pick<Host, "root">, place: string, { release }: KernelId): string {
  return path.join(root, withKernel(place, release));
}

/** `$kernelver` and `${kernelver}`, the only variable that the settings know. */
export function withKernel(text: string, release: string): string {
  return text.replace(/\$(?:kernelver\b|\{kernelver\})/g, () => release);
}

/** Whether a key is not a file but a token's, named by an RFC 7512 URI. */
export function isToken(key: string): boolean {
  return key.startsWith("pkcs11:");
}
