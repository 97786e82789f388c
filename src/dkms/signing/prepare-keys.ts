import path from "node:path";
import type { Host } from "../../host/host.ts";
import { fail, type Result, succeed } from "../failure.ts";
import type { Framework } from "../framework/framework.ts";
import type { Kernel } from "../kernel.ts";
import { generateKey } from "./generate-key.ts";
import { isToken, placeBelowRoot, withKernel } from "./place-below-root.ts";
import type { KeyPair, SigningSettings } from "./signing.ts";

export interface KeyRequest {
  readonly kernel: Kernel;
  /** As readDistribution names it. */
  readonly distribution: string;
  readonly settings: SigningSettings;
  readonly framework: Framework;
}

/** With what there is to tell. */
export interface PreparedKeys extends KeyPair {
  readonly notices: readonly string[];
}

/**
 * The key pair to sign with, made if neither half is there. What is not ours to make is left alone: a token's key, and
 * the key of Ubuntu's own update-secureboot-policy, which is asked to make it. Fails with E_SIGNING.
 */
export async function prepareKeys(host: Host, request: KeyRequest): Promise<Result<PreparedKeys>> {
  const pair = choosePair(host, request);
  if (isToken(pair.key)) {
    const isThere = host.files.stat(pair.certificate)?.kind === "file";
    return isThere ? succeed({ ...pair, notices: [] }) : noTokenCertificate(pair);
  }
  if (isShimPair(host, pair)) {
    const problem = await makeShimKey(host, pair);
    if (problem) return problem;
  }
  const made = await generateKey(host, pair);
  if (!made.ok) return made;
  const { key, certificate } = pair;
  const notices = made.value ? [`A new signing key was made: ${key}, with the certificate ${certificate}.`] : [];
  return succeed({ ...pair, notices });
}

/** Each half that framework.conf does not name is at its usual place. */
export function choosePair(host: Host, { kernel, distribution, settings, framework }: KeyRequest): KeyPair {
  const { release } = kernel.id;
  const place = (text: string) => (isToken(text) ? withKernel(text, release) : placeBelowRoot(host, text, kernel.id));
  if (settings.pair) return { key: place(settings.pair.key), certificate: place(settings.pair.certificate) };
  const usual = distribution.startsWith("ubuntu") ? shimPair(host) : ownPair(host);
  const { mokSigningKey: key, mokCertificate: certificate } = framework;
  return {
    key: key === undefined ? usual.key : place(key),
    certificate: certificate === undefined ? usual.certificate : place(certificate),
  };
}

function shimPair({ root }: Host): KeyPair {
  const directory = path.join(root, "var/lib/shim-signed/mok");
  return { key: path.join(directory, "MOK.priv"), certificate: path.join(directory, "MOK.der") };
}

function isShimPair(host: Host, { key, certificate }: KeyPair): boolean {
  const shim = shimPair(host);
  return key === shim.key && certificate === shim.certificate;
}

/**
 * In the DKMS tree. dell/dkms's is in /var/lib/dkms, wherever the tree is: one that is there already, and perhaps
 * enrolled, is used; a new one is not put outside the tree.
 */
function ownPair({ root, paths, files }: Host): KeyPair {
  const pairIn = (directory: string) => ({
    key: path.join(directory, "mok.key"),
    certificate: path.join(directory, "mok.pub"),
  });
  const [own, usual] = [pairIn(paths.dkmsTree), pairIn(path.join(root, "var/lib/dkms"))];
  const isHere = ({ key, certificate }: KeyPair) => [key, certificate].some((file) => files.lstat(file) !== undefined);
  return !isHere(own) && isHere(usual) ? usual : own;
}

/** The tool leaves a key that is there as it is. */
async function makeShimKey(host: Host, { key, certificate }: KeyPair): Promise<Result<never> | undefined> {
  if ([key, certificate].some((file) => host.files.lstat(file) !== undefined)) return undefined;
  const file = "update-secureboot-policy";
  // It knows no other root than /.
  const isOurs = host.root === "/" && host.findProgram(file) !== undefined;
  const result = isOurs ? await host.run({ file, args: ["--new-key"], timeoutMs: 60_000 }) : undefined;
  if (host.files.stat(key) && host.files.stat(certificate)) return undefined;
  if (result?.ending === "cancelled") return fail("E_CANCELLED", "Stopped while the signing key was made.");
  const why = result ? `${file} did not make it` : `${file} cannot make it here`;
  return fail("E_SIGNING", `The signing key ${key} is not there, and ${why}.`, {
    path: key,
    remedy: "Install shim-signed, or name a key and its certificate in the settings (signing_key, certificate).",
  });
}

function noTokenCertificate({ key, certificate }: KeyPair): Result<never> {
  const message = `The certificate ${certificate} of the signing key ${key} is not there.`;
  const remedy = "Export it from the token, and name its file as certificate in the settings.";
  return fail("E_SIGNING", message, { path: certificate, remedy });
}
