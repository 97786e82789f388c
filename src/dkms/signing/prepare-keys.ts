import type { Host } from "../../host/host.ts";
import { fail, type Result, succeed } from "../failure.ts";
import { shimPair } from "./choose-pair.ts";
import { generateKey } from "./generate-key.ts";
import { isToken } from "./place-below-root.ts";
import type { KeyPair } from "./signing.ts";

/** With what there is to tell. */
export interface PreparedKeys extends KeyPair {
  readonly notices: readonly string[];
}

/**
 * A key pair ready to sign with, made if neither half is there. What is not ours to make is left alone: a token's key, and
 * the key of Ubuntu's own update-secureboot-policy, which is asked to make it. Fails with E_SIGNING.
 */
export async function prepareKeys(host: Host, pair: KeyPair): Promise<Result<PreparedKeys>> {
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

function isShimPair(host: Host, { key, certificate }: KeyPair): boolean {
  const shim = shimPair(host);
  return key === shim.key && certificate === shim.certificate;
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
