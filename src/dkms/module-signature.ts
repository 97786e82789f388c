import { type DerElement, derTags, insideDer, readDer } from "./der.ts";
import type { ModuleSignature } from "./module-info.ts";

/**
 * The signature appended to a kernel object; `undefined` if there is none. A signature that is damaged or of an unknown
 * kind is still one: all its fields are `undefined`. Two things go beyond modinfo: a signer named by its key identifier
 * (`sign-file -k`) is read too, the identifier being the key, and so is a name in UTF-16.
 * Layout: struct module_signature of the kernel's include/linux/module_signature.h, and RFC 5652 (PKCS#7).
 */
export function readModuleSignature(bytes: Uint8Array): ModuleSignature | undefined {
  const signed = beforeTrailer(bytes);
  if (!signed) return undefined;
  const header = readSignatureHeader(signed);
  if (!header) return unreadable;
  return header.idType === pkcs7 ? readPkcs7(header.signature) : readPlain(header);
}

/** A signed object in its two parts: what was signed, and the PKCS#7 message (empty for a signature of another kind). */
export interface SplitObject {
  readonly content: Uint8Array;
  readonly pkcs7: Uint8Array;
}

/** `undefined` if no signature is appended, or one that does not end well. */
export function splitSignature(bytes: Uint8Array): SplitObject | undefined {
  const signed = beforeTrailer(bytes);
  const header = signed && readSignatureHeader(signed);
  if (!header) return undefined;
  const { signer, key, signature, idType } = header;
  const size = headerSize + signer.length + key.length + signature.length;
  return {
    content: signed.subarray(0, signed.length - size),
    pkcs7: idType === pkcs7 ? signature : signature.subarray(signature.length),
  };
}

/** Contents, signature and header; `undefined` if nothing says that there is a signature. */
function beforeTrailer(bytes: Uint8Array): Uint8Array | undefined {
  const trailerAt = bytes.length - trailer.length;
  return trailerAt < 0 || trailer.compare(bytes, trailerAt) !== 0 ? undefined : bytes.subarray(0, trailerAt);
}

const trailer = Buffer.from("~Module signature appended~\n", "latin1");
const unreadable: ModuleSignature = { signer: undefined, hash: undefined, key: undefined };
const headerSize = 12;
/** PKEY_ID_PKCS7. Before Linux 4.3 signatures were PKEY_ID_X509: signer and key stand in front of the signature. */
const pkcs7 = 2;
/** enum pkey_hash_algo of Linux 3.7 to 4.2, whose order is part of the file format. */
const plainHashes = ["md4", "md5", "sha1", "rmd160", "sha256", "sha384", "sha512", "sha224", "sm3"];

interface SignatureHeader {
  readonly hash: number;
  readonly idType: number;
  readonly signer: Uint8Array;
  readonly key: Uint8Array;
  readonly signature: Uint8Array;
}

/** `bytes` ends where the header does. The parts stand before it: signer, key, signature. */
function readSignatureHeader(bytes: Uint8Array): SignatureHeader | undefined {
  const at = bytes.length - headerSize;
  if (at < 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, headerSize);
  const [signerSize, keySize, signatureSize] = [view.getUint8(3), view.getUint8(4), view.getUint32(8)];
  const signatureAt = at - signatureSize;
  const signerAt = signatureAt - keySize - signerSize;
  if (signatureSize === 0 || signerAt < 0) return undefined;
  return {
    hash: view.getUint8(1),
    idType: view.getUint8(2),
    signer: bytes.subarray(signerAt, signerAt + signerSize),
    key: bytes.subarray(signerAt + signerSize, signatureAt),
    signature: bytes.subarray(signatureAt, at),
  };
}

function readPlain({ signer, key, hash }: SignatureHeader): ModuleSignature {
  const text = Buffer.from(signer).toString();
  return { signer: text || undefined, hash: plainHashes[hash], key: hexPairs(key) };
}

/** ContentInfo { type, [0] SignedData { version, digests, content, …, signerInfos } } of RFC 5652: who has signed. */
export function signerInfos(pkcs7: Uint8Array): readonly DerElement[] {
  const signedData = insideDer(insideDer(readDer(pkcs7)[0])[1])[0];
  const [, , ...fields] = insideDer(signedData);
  return insideDer(fields.find(({ tag }) => tag === derTags.set));
}

/** The first signer counts. */
function readPkcs7(bytes: Uint8Array): ModuleSignature {
  const [, signerId, digest] = insideDer(signerInfos(bytes)[0]);
  if (!signerId) return unreadable;
  const hash = hashName(insideDer(digest)[0]?.content ?? new Uint8Array());
  if (signerId.tag === derTags.context0) return { signer: undefined, hash, key: hexPairs(signerId.content) };
  const [issuer, serial] = insideDer(signerId);
  return { signer: issuerName(issuer), hash, key: serial && hexPairs(withoutLeadingZeros(serial.content)) };
}

/** Name: a sequence of sets of { type, value }. Without a common name modinfo shows the last attribute, and so do we. */
function issuerName(issuer: DerElement | undefined): string | undefined {
  const attributes = insideDer(issuer).flatMap(insideDer).map(insideDer);
  const named = attributes.find(([type]) => type && Buffer.from(type.content).toString("hex") === commonName);
  const value = (named ?? attributes.at(-1))?.[1];
  return (value && decodeText(value)) || undefined;
}

const commonName = "550403";

function decodeText({ tag, content }: DerElement): string {
  const bytes = Buffer.from(content);
  if (tag !== derTags.bmpString) return bytes.toString();
  return bytes
    .subarray(0, bytes.length & ~1)
    .swap16()
    .toString("utf16le");
}

/** Of the DER of an INTEGER: a zero in front keeps a large number from being negative. */
function withoutLeadingZeros(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? bytes.subarray(bytes.length) : bytes.subarray(first);
}

function hexPairs(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(":");
}

/** A hash by its object identifier's content in DER, as {@link ModuleSignature.hash}; `undefined` if unknown. */
export function hashName(oid: Uint8Array): string | undefined {
  return hashNames[Buffer.from(oid).toString("hex")];
}

/** Object identifiers in DER, as modinfo and the kernel's CONFIG_MODULE_SIG_HASH name them. */
const hashNames: Readonly<Record<string, string>> = {
  "2a864886f70d0204": "md4",
  "2a864886f70d0205": "md5",
  "2b0e03021a": "sha1",
  "2b24030201": "rmd160",
  "608648016503040204": "sha224",
  "608648016503040201": "sha256",
  "608648016503040202": "sha384",
  "608648016503040203": "sha512",
  "608648016503040208": "sha3-256",
  "608648016503040209": "sha3-384",
  "60864801650304020a": "sha3-512",
  "2a811ccf55018311": "sm3",
};
