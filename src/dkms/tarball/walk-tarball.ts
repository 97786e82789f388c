import { createHash } from "node:crypto";
import { isArchiveFault } from "../../host/archive/archive-fault.ts";
import type { ArchiveLimits } from "../../host/archive/archive-limits.ts";
import { type ArchiveEntry, readArchive } from "../../host/archive/read-archive.ts";
import type { Host } from "../../host/host.ts";
import { isSystemError } from "../../host/system-error.ts";
import { fail, type Result, succeed } from "../failure.ts";
import { ioFailure } from "../io-failure.ts";
import { isTelling, type TarballContents } from "./find-layout.ts";

export interface TarballWalk {
  /** An absolute path. */
  readonly file: string;
  readonly limits: ArchiveLimits;
  /** How much of the file has been read, in bytes. */
  readonly onProgress?: (read: number) => void;
}

export interface WalkedTarball extends TarballContents {
  /** Of the file, lower-case hexadecimal. */
  readonly sha256: string;
}

/**
 * Reads an archive through once, and hands every entry to `take` as it comes. Fails with E_NO_ARCHIVE (2), E_TARBALL (3),
 * E_TARBALL_LIMIT (3), E_CANCELLED, or what the file system says.
 */
export async function walkTarball(
  host: Host,
  { file, limits, onProgress }: TarballWalk,
  take: (entry: ArchiveEntry) => Promise<void>,
): Promise<Result<WalkedTarball>> {
  const hash = createHash("sha256");
  const entries = new Map<string, ArchiveEntry["kind"]>();
  const texts = new Map<string, string>();
  const room = { bytes: mostTexts };
  const { signal } = host;
  try {
    for await (const entry of readArchive(file, {
      limits,
      signal,
      hash,
      host,
      ...(onProgress && { onRead: onProgress }),
    })) {
      entries.set(entry.path, entry.kind);
      if (!isTelling(entry.path) || entry.kind !== "file" || entry.size > longestText) await take(entry);
      else await take(await keepText(entry, { texts, room }));
    }
    return succeed({ sha256: hash.digest("hex"), entries, texts });
  } catch (error) {
    if (signal.aborted) return fail("E_CANCELLED", `Stopped while reading ${file}.`, { path: file });
    return failureOf(error, file);
  }
}

/** Far more than any real dkms.conf. */
const longestText = 1 << 20;
/** Whoever fills an archive with them fills no memory. */
const mostTexts = 16 << 20;

/** Small enough to be read whole, and then handed on as it was. */
async function keepText(
  entry: ArchiveEntry,
  { texts, room }: { readonly texts: Map<string, string>; readonly room: { bytes: number } },
): Promise<ArchiveEntry> {
  const pieces: Buffer[] = [];
  for await (const piece of entry.content) pieces.push(piece);
  const whole = Buffer.concat(pieces);
  room.bytes -= whole.length;
  if (room.bytes >= 0) texts.set(entry.path, whole.toString("utf8"));
  return { ...entry, content: onePiece(whole) };
}

async function* onePiece(piece: Buffer): AsyncGenerator<Buffer, undefined> {
  if (piece.length > 0) yield piece;
}

function failureOf(error: unknown, file: string): Result<never> {
  if (isArchiveFault(error)) {
    if (error.fault === "limit") {
      const remedy =
        "If you trust it, raise the limits in the settings (tarball_entries, tarball_size, tarball_file_size, tarball_ratio).";
      return fail("E_TARBALL_LIMIT", `${file} ${error.message}.`, { path: file, remedy, dkmsExit: 3 });
    }
    const remedy =
      error.fault === "damaged"
        ? "Fetch it again."
        : "Make it again with mktarball, or get it from somebody you trust.";
    return fail("E_TARBALL", `${file} ${error.message}.`, { path: file, remedy, dkmsExit: 3 });
  }
  if (isSystemError(error) && error.code === "ENOENT" && error.path === file) {
    return fail("E_NO_ARCHIVE", `There is no archive ${file}.`, {
      path: file,
      remedy: "Name an archive that exists.",
      dkmsExit: 2,
    });
  }
  return ioFailure(error, `load ${file}`);
}
