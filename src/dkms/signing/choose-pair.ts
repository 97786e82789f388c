import path from "node:path";
import type { Host } from "../../host/host.ts";
import { readDistribution } from "../destination.ts";
import { type Result, succeed } from "../failure.ts";
import type { Framework } from "../framework/framework.ts";
import { readFramework } from "../framework/read-framework.ts";
import type { KernelId } from "../id.ts";
import { ioFailure } from "../io-failure.ts";
import { pairIn } from "./complete-pair.ts";
import { isToken, placeBelowRoot, withKernel } from "./place-below-root.ts";
import type { KeyPair, SigningSettings } from "./signing.ts";

/**
 * The key pair for a kernel, whether it is there or not: of the settings, else of framework.conf, else the
 * distribution's or our own. Makes nothing. Fails as readFramework does.
 */
export async function signingPair(host: Host, kernel: KernelId, settings: SigningSettings): Promise<Result<KeyPair>> {
  const framework = await readFramework(host, kernel);
  if (!framework.ok) return framework;
  try {
    return succeed(choosePair(host, { kernel, settings, framework: framework.value }));
  } catch (error) {
    return ioFailure(error, "find the signing key");
  }
}

export interface PairRequest {
  readonly kernel: KernelId;
  readonly settings: SigningSettings;
  /** As it reads for this kernel. */
  readonly framework: Framework;
}

/**
 * As {@link signingPair}; throws only what the file system throws. Each half that framework.conf does not name is at its
 * usual place.
 */
export function choosePair(host: Host, { kernel, settings, framework }: PairRequest): KeyPair {
  const place = (text: string) =>
    isToken(text) ? withKernel(text, kernel.release) : placeBelowRoot(host, text, kernel);
  if (settings.pair) return { key: place(settings.pair.key), certificate: place(settings.pair.certificate) };
  const usual = readDistribution(host).startsWith("ubuntu") ? shimPair(host) : ownPair(host);
  const { mokSigningKey: key, mokCertificate: certificate } = framework;
  return {
    key: key === undefined ? usual.key : place(key),
    certificate: certificate === undefined ? usual.certificate : place(certificate),
  };
}

/** Where Ubuntu's update-secureboot-policy puts its key. */
export function shimPair({ root }: Pick<Host, "root">): KeyPair {
  const directory = path.join(root, "var/lib/shim-signed/mok");
  return { key: path.join(directory, "MOK.priv"), certificate: path.join(directory, "MOK.der") };
}

/**
 * In the DKMS tree. dell/dkms's is in /var/lib/dkms, wherever the tree is: one that is there already, and perhaps
 * enrolled, is used; a new one is not put outside the tree.
 */
function ownPair({ root, paths, files }: Host): KeyPair {
  const [own, usual] = [pairIn(paths.dkmsTree), pairIn(path.join(root, "var/lib/dkms"))];
  const isHere = ({ key, certificate }: KeyPair) => [key, certificate].some((file) => files.lstat(file) !== undefined);
  return !isHere(own) && isHere(usual) ? usual : own;
}
