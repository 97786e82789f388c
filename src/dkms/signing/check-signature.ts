import { createHash, getHashes, verify, X509Certificate } from "node:crypto";
import { type DerElement, derTags, insideDer, readDer } from "../der.ts";
import type { Result } from "../failure.ts";
import { hashName, readModuleSignature, signerInfos, splitSignature } from "../module-signature.ts";
import { certificateFields, sameBytes } from "./certificate-fields.ts";

/** What a kernel object's signature is worth beside one certificate. */
export type SignatureVerdict =
  | { readonly kind: "valid" }
  | { readonly kind: "unsigned" }
  /** Somebody else signed it, or the certificate's issuer and serial number were reused. */
  | { readonly kind: "other-signer" }
  /** The signature is damaged, of an unknown kind, or the object was changed after it was signed. */
  | { readonly kind: "wrong"; readonly problem: string };

/**
 * Checks a signed object as the kernel does: the PKCS#7 message names the certificate, the digest is that of the
 * object, and the certificate's key made the signature. The error is what OpenSSL says of a certificate that is none, or
 * of a digest that it does not know. Pure.
 */
export function checkSignature(object: Uint8Array, certificate: Uint8Array): Result<SignatureVerdict, string> {
  try {
    return { ok: true, value: judge(object, certificate) };
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return { ok: false, error: error.message };
  }
}

function judge(object: Uint8Array, certificate: Uint8Array): SignatureVerdict {
  const x509 = new X509Certificate(certificate);
  const split = splitSignature(object);
  if (!split) return readModuleSignature(object) ? wrong("is cut off or damaged") : { kind: "unsigned" };
  const signer = readSigner(split.pkcs7);
  if (!signer) return wrong("is not a PKCS#7 signature that can be read");
  if (!namesCertificate(signer.id, x509)) return { kind: "other-signer" };
  const { hash } = signer;
  if (hash === undefined || !getHashes().includes(hash)) return wrong("has an unknown digest algorithm");
  const signed = signedBytes(signer, hash, split.content);
  if (!signed) return wrong("belongs to other content: the object was changed after it was signed");
  const isRight = verify(hash, signed, x509.publicKey, signer.signature);
  return isRight ? { kind: "valid" } : wrong("was not made by the certificate's key for this content");
}

function wrong(problem: string): SignatureVerdict {
  return { kind: "wrong", problem };
}

interface Signer {
  readonly id: DerElement;
  readonly hash: string | undefined;
  /** Content of the signed attributes, if the signature is over them instead of the object. */
  readonly attributes: Uint8Array | undefined;
  readonly signature: Uint8Array;
}

/** SignerInfo { version, id, digest, [0] attributes?, algorithm, signature, … } of RFC 5652; the kernel takes one signer. */
function readSigner(pkcs7: Uint8Array): Signer | undefined {
  const infos = signerInfos(pkcs7);
  const [, id, digest, ...rest] = insideDer(infos[0]);
  const attributes = rest.find(({ tag }) => tag === derTags.context0Constructed)?.content;
  const signature = rest.find(({ tag }) => tag === octetString)?.content;
  if (!id || !digest || !signature || infos.length !== 1) return undefined;
  return { id, hash: hashName(insideDer(digest)[0]?.content ?? new Uint8Array()), attributes, signature };
}

const octetString = 0x04;

/** By issuer and serial number, or by the subject key identifier. */
function namesCertificate(id: DerElement, { raw }: X509Certificate): boolean {
  const { issuer, serial, keyIdentifier } = certificateFields(raw);
  if (id.tag === derTags.context0) return sameBytes(id.content, keyIdentifier);
  const [namedIssuer, namedSerial] = insideDer(id);
  return sameBytes(namedIssuer?.content, issuer) && sameBytes(namedSerial?.content, serial);
}

/** 1.2.840.113549.1.9.4 */
const messageDigest = Buffer.from("2a864886f70d010904", "hex");

/** What the signature is over; `undefined` if its attributes hold the digest of something else. */
function signedBytes({ attributes }: Signer, hash: string, content: Uint8Array): Uint8Array | undefined {
  if (!attributes) return content;
  const found = readDer(attributes)
    .map(insideDer)
    .find(([oid]) => sameBytes(oid?.content, messageDigest));
  const digest = insideDer(found?.[1])[0]?.content;
  if (!sameBytes(digest, createHash(hash).update(content).digest())) return undefined;
  // They are signed as a SET, whatever their tag in the message (RFC 5652, 5.4).
  return Buffer.concat([derHeader(derTags.set, attributes.length), attributes]);
}

function derHeader(tag: number, length: number): Buffer {
  if (length < 0x80) return Buffer.from([tag, length]);
  const bytes = length < 0x100 ? [length] : [length >> 8, length & 0xff];
  return Buffer.from([tag, 0x80 | bytes.length, ...bytes]);
}
