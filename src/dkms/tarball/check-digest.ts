import type { Host } from "../../host/host.ts";
import { type Failure, fail } from "../failure.ts";
import { ioFailure } from "../io-failure.ts";
import type { LoadRequest } from "./load-request.ts";

/** An archive, and the digest that it must have, if one is known. */
export type WantedArchive = Pick<LoadRequest, "file" | "sha256">;

/**
 * Reads a file through for its digest alone, before anything unpacks or interprets what somebody else may have put there:
 * E_DIGEST if it has another than it must have. What is no file, or cannot be read, is left to the reading, which says so.
 */
export function checkDigest({ files }: Host, archive: WantedArchive): Failure | undefined {
  if (archive.sha256 === undefined) return undefined;
  try {
    // A FIFO would be waited for, and a device may have no end.
    const found = files.stat(archive.file)?.kind === "file" ? files.sha256(archive.file) : undefined;
    return found === undefined ? undefined : otherDigest(archive, found);
  } catch (error) {
    return ioFailure(error, `load ${archive.file}`).error;
  }
}

/** E_DIGEST if `found` is not the digest that the archive must have. */
export function otherDigest({ file, sha256 }: WantedArchive, found: string): Failure | undefined {
  if (sha256 === undefined || sha256 === found) return undefined;
  const message = `${file} is not the archive that was asked for: its sha256 is ${found}, not ${sha256}.`;
  return fail("E_DIGEST", message, { path: file, remedy: "Fetch it again, or correct the digest." }).error;
}
