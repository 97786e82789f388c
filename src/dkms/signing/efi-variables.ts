import path from "node:path";
import type { Host } from "../../host/host.ts";
import { ifReadable } from "../../host/system-error.ts";

/** The EFI variables that decide which modules the kernel takes. */
export interface EfiVariables {
  /** Secure Boot as the kernel sees it: switched on, and not switched off again in shim. */
  readonly secureBoot: boolean | undefined;
  /** DER certificates that the firmware (db) or its owner (MOK) trusts; `undefined` if that cannot be read. */
  readonly trusted: readonly Uint8Array[] | undefined;
  /** DER certificates whose enrolment was asked for, and waits for the next boot. */
  readonly pending: readonly Uint8Array[];
}

/**
 * The variables below `<root>/sys/firmware/efi/efivars`. A machine without EFI, and a root that is not a running system,
 * have none: everything is unknown then. Never throws: what cannot be read is unknown.
 */
export function readEfiVariables({ root, files }: Pick<Host, "root" | "files">): EfiVariables {
  const directory = path.join(root, "sys/firmware/efi/efivars");
  const names = ifReadable(() => files.list(directory))?.map(({ name }) => name) ?? [];
  const read = (name: string) => contentOf(ifReadable(() => files.readBytes(path.join(directory, name))));
  const secureBoot = read(`SecureBoot-${globalGuid}`);
  if (!secureBoot) return { secureBoot: undefined, trusted: undefined, pending: [] };
  const lists = names.filter((name) => trustedNames.test(name)).map(read);
  const complete = lists.filter((list) => list !== undefined);
  return {
    secureBoot: secureBoot[0] === 1 && read(`MokSBStateRT-${shimGuid}`)?.[0] !== 1,
    trusted: complete.length === lists.length ? complete.flatMap(certificatesOf) : undefined,
    pending: certificatesOf(read(`MokNew-${shimGuid}`) ?? new Uint8Array()),
  };
}

const globalGuid = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
const databaseGuid = "d719b2cb-3d3a-4596-a3bc-dad00e67656f";
const shimGuid = "605dab50-e046-4300-abb6-3dd810dd8b23";
/** Where one variable is too small for all, shim goes on in MokListRT1, MokListRT2, … */
const trustedNames = new RegExp(`^(MokListRT\\d*-${shimGuid}|db-${databaseGuid})$`);

/** efivarfs puts the attributes, four bytes, in front. */
function contentOf(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes && bytes.length >= 4 ? bytes.subarray(4) : undefined;
}

/** EFI_CERT_X509_GUID, a5c059a1-94e4-4aa7-87b5-ab155c2bf072, as it is stored. */
const x509Type = Buffer.from("a159c0a5e494a74a87b5ab155c2bf072", "hex");
/** Type, list size, header size, signature size. */
const listHeader = 28;
/** In front of each certificate. */
const ownerSize = 16;

/**
 * The certificates of a sequence of EFI_SIGNATURE_LIST (UEFI specification, "Signature Database"). Other kinds of entries
 * are passed over; it ends where the lists make no sense any more.
 */
export function certificatesOf(bytes: Uint8Array): readonly Uint8Array[] {
  const certificates: Uint8Array[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + listHeader <= bytes.length; ) {
    const [listSize, headerSize, size] = [at + 16, at + 20, at + 24].map((place) => view.getUint32(place, true));
    if (listSize === undefined || headerSize === undefined || size === undefined) break;
    const end = at + listSize;
    if (listSize < listHeader || end > bytes.length || size <= ownerSize) break;
    const isX509 = x509Type.equals(bytes.subarray(at, at + 16));
    for (let entry = at + listHeader + headerSize; isX509 && entry + size <= end; entry += size)
      certificates.push(bytes.subarray(entry + ownerSize, entry + size));
    at = end;
  }
  return certificates;
}
