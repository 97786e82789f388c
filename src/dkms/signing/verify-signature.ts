import type { Host } from "../../host/host.ts";
import { fail, type Result, succeed } from "../failure.ts";
import { ioFailure } from "../io-failure.ts";
import { readObject } from "../read-object.ts";
import { checkSignature, type SignatureVerdict } from "./check-signature.ts";

/**
 * What the signature of a kernel object, compressed or not, is worth beside a certificate (DER or PEM). Starts no
 * process. Fails as readObject does, and with E_SIGNING if the certificate cannot be used.
 */
export async function verifySignature(
  host: Pick<Host, "files">,
  object: string,
  certificate: string,
): Promise<Result<SignatureVerdict>> {
  const read = await readObject(host, object);
  if (!read.ok) return read;
  const bytes = readCertificate(host, certificate);
  if (!bytes.ok) return bytes;
  const checked = checkSignature(read.value.content, bytes.value);
  return checked.ok ? checked : unusable(certificate, checked.error);
}

/** The one sentence that a verdict other than `valid` comes to; `undefined` for that. */
export function signatureProblem(verdict: SignatureVerdict, object: string, certificate: string): string | undefined {
  switch (verdict.kind) {
    case "valid":
      return undefined;
    case "unsigned":
      return `${object} is not signed.`;
    case "other-signer":
      return `${object} is signed by another key than that of ${certificate}.`;
    case "wrong":
      return `The signature of ${object} ${verdict.problem}.`;
  }
}

function readCertificate({ files }: Pick<Host, "files">, certificate: string): Result<Uint8Array> {
  try {
    const bytes = files.stat(certificate)?.kind === "file" ? files.readBytes(certificate) : undefined;
    return bytes ? succeed(bytes) : unusable(certificate, "it is not there");
  } catch (error) {
    return ioFailure(error, `read the certificate ${certificate}`);
  }
}

function unusable(path: string, why: string): Result<never> {
  const remedy = "Name the X.509 certificate of the signing key, as DER or PEM.";
  return fail("E_SIGNING", `The certificate ${path} cannot be used: ${why}.`, { path, remedy });
}
