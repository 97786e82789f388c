import type { Hash } from "node:crypto";
import fs from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { detectPacking } from "../decompress.ts";
import { isSystemError } from "../system-error.ts";
import { archiveFault, isArchiveFault } from "./archive-fault.ts";
import { type ArchiveLimits, ratioFloor } from "./archive-limits.ts";
import { type StreamPacking, type UnpackingHost, unpackPieces, unpackReason } from "./unpack-pieces.ts";

export interface ArchiveReading {
  readonly limits: ArchiveLimits;
  readonly signal: AbortSignal;
  /** Gets every byte of the file as it lies on the disk. */
  readonly hash: Hash;
  readonly host: UnpackingHost;
  /** Told of every piece: how much of the file has been read. */
  readonly onRead?: (bytes: number) => void;
}

/**
 * The unpacked content of an archive file, whatever it is packed with, by its content and not by its name. The whole file
 * is read, also behind the end of what is packed in it, so that the hash is that of the file. Throws an ArchiveFault, or
 * what the file system throws; ends with the signal's reason if that is aborted.
 */
export async function* archivePieces(file: string, reading: ArchiveReading): AsyncGenerator<Buffer, undefined> {
  // A FIFO would be waited for without end.
  const handle = await fs.promises.open(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  try {
    if (!(await handle.stat()).isFile()) throw archiveFault("refused", "is not a file");
    yield* unpackedPieces(handle, reading);
  } finally {
    await handle.close();
  }
}

async function* unpackedPieces(handle: FileHandle, reading: ArchiveReading): AsyncGenerator<Buffer, undefined> {
  const counts = { packed: 0, unpacked: 0, isAtEnd: false };
  const packed = packedPieces(handle, reading, counts);
  const first = await packed.next();
  if (first.done) throw archiveFault("damaged", "is empty");
  const packing = detectArchivePacking(first.value);
  const whole = rejoin(first.value, packed);
  for await (const piece of named(packing, unpackPieces(whole, packing, reading.host), reading.signal)) {
    if (counts.unpacked === 0 && detectArchivePacking(piece) !== "none")
      throw archiveFault("refused", "is packed twice");
    counts.unpacked += piece.length;
    checkLimits(counts, reading.limits);
    yield piece;
  }
  if (!counts.isAtEnd) throw archiveFault("damaged", `goes on behind the end of what is packed as ${packing}`);
}

/** Kernel objects are never packed as bz2. */
function detectArchivePacking(bytes: Buffer): StreamPacking {
  return /^BZh[1-9]/.test(bytes.toString("latin1", 0, 4)) ? "bz2" : detectPacking(bytes);
}

const pieceSize = 1 << 18;

interface Counts {
  packed: number;
  unpacked: number;
  isAtEnd: boolean;
}

async function* packedPieces(
  handle: FileHandle,
  { signal, hash, onRead }: ArchiveReading,
  counts: Counts,
): AsyncGenerator<Buffer, undefined> {
  for (;;) {
    signal.throwIfAborted();
    // A new one each time: who unpacks it may still be at the last one.
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafeSlow(pieceSize), 0, pieceSize);
    counts.isAtEnd = bytesRead === 0;
    if (counts.isAtEnd) return;
    const piece = buffer.subarray(0, bytesRead);
    hash.update(piece);
    counts.packed += bytesRead;
    onRead?.(counts.packed);
    yield piece;
  }
}

async function* rejoin(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer, undefined> {
  yield first;
  yield* rest;
}

function checkLimits({ packed, unpacked }: Counts, limits: ArchiveLimits): void {
  if (unpacked > limits.bytes) throw archiveFault("limit", `unpacks to more than ${limits.bytes} bytes`);
  if (unpacked > ratioFloor && unpacked > packed * limits.ratio)
    throw archiveFault("limit", `unpacks to more than ${limits.ratio} times its size`);
}

/** The decoders throw for everything that is wrong with the data, each its own kind of error. */
async function* named(
  packing: StreamPacking,
  pieces: AsyncIterable<Buffer>,
  signal: AbortSignal,
): AsyncGenerator<Buffer, undefined> {
  try {
    yield* pieces;
  } catch (error) {
    if (isArchiveFault(error) || isSystemError(error) || signal.aborted) throw error;
    throw archiveFault("damaged", `does not unpack as ${packing}: ${unpackReason(error)}`);
  }
}
