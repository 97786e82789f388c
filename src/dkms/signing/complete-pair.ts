import path from "node:path";
import type { Host } from "../../host/host.ts";
import { linkOrCopy } from "../../host/link-or-copy.ts";
import { temporaryPrefix } from "../../host/local-files.ts";
import type { KeyPair } from "./signing.ts";

/** Directories beside a key, in which a pair is made before its halves get their names one after the other. */
export const makingPrefix = `${temporaryPrefix}key-`;
/** What the halves are called there. */
export const keyName = "key";
export const certificateName = "certificate";

/**
 * Puts the certificate beside a key that a killed run has made and placed without it. Both lie still where it made them,
 * whole; which is tried under the lock alone. Throws what the file system throws.
 */
export function completePair({ files }: Pick<Host, "files">, { key, certificate }: KeyPair): void {
  if (files.lstat(certificate) !== undefined || files.stat(key)?.kind !== "file") return;
  const directory = path.dirname(key);
  for (const { name } of (files.list(directory) ?? []).filter((entry) => entry.name.startsWith(makingPrefix))) {
    const making = path.join(directory, name);
    if (!files.sameContent(path.join(making, keyName), key)) continue;
    linkOrCopy(files, path.join(making, certificateName), certificate);
    files.remove(making);
    return;
  }
}

/** The halves of a pair in a directory, by the names that dell/dkms gives them. */
export function pairIn(directory: string): KeyPair {
  return { key: path.join(directory, "mok.key"), certificate: path.join(directory, "mok.pub") };
}
