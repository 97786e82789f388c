import { derTags, insideDer, readDer } from "../der.ts";

/** What a signature may name a certificate by; contents of DER elements. */
export interface CertificateFields {
  readonly issuer: Uint8Array | undefined;
  readonly serial: Uint8Array | undefined;
  readonly keyIdentifier: Uint8Array | undefined;
}

/** Certificate { tbs { [0] version?, serial, algorithm, issuer, …, [3] extensions? }, … } of RFC 5280, from its DER. */
export function certificateFields(raw: Uint8Array): CertificateFields {
  const fields = insideDer(insideDer(readDer(raw)[0])[0]);
  // A version 1 certificate has no version in front.
  const [serial, , issuer] = fields[0]?.tag === derTags.context0Constructed ? fields.slice(1) : fields;
  const extensions = insideDer(insideDer(fields.find(({ tag }) => tag === extensionsTag))[0]).map(insideDer);
  const found = extensions.find(([oid]) => sameBytes(oid?.content, subjectKeyIdentifier));
  return {
    issuer: issuer?.content,
    serial: serial?.content,
    keyIdentifier: insideDer(found?.at(-1))[0]?.content,
  };
}

/** Whether both are there and equal. */
export function sameBytes(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  return left !== undefined && right !== undefined && Buffer.compare(left, right) === 0;
}

const extensionsTag = 0xa3;
/** 2.5.29.14 */
const subjectKeyIdentifier = Buffer.from("551d0e", "hex");
