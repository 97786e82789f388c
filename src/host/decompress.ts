import { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import { type StreamPacking, unpackPieces, unpackReason } from "./archive/unpack-pieces.ts";

/** How a file's content is packed, as the last part of its name says it. */
export type Packing = Exclude<StreamPacking, "bz2">;

export type Unpacked =
  | { readonly ok: true; readonly value: Uint8Array }
  | { readonly ok: false; readonly error: string };

/** Tells the packing by the first bytes, whatever the file's name says. */
export function detectPacking(bytes: Uint8Array): Packing {
  const begins = Buffer.from(bytes.subarray(0, 6)).toString("hex");
  return magics.find(([magic]) => begins.startsWith(magic))?.[1] ?? "none";
}

/**
 * The unpacked content; `bytes` themselves for `none`. Checks the checksum that each format carries. Never more than
 * `limit` bytes (512 MiB): the largest of a distribution's kernel objects has 20 MB. The error completes a sentence that
 * begins with the file's name. The decoders of xz and zst are loaded at the first use.
 */
export async function decompress(bytes: Uint8Array, kind: Packing, limit = 512 << 20): Promise<Unpacked> {
  try {
    if (bytes.length === 0 && kind !== "none") throw new Error("it is empty");
    return { ok: true, value: await unpackers[kind](bytes, limit) };
  } catch (error) {
    // The decoders throw for everything that is wrong with the data, each its own kind of error.
    return { ok: false, error: `does not unpack as ${kind}: ${unpackReason(error)}` };
  }
}

const magics: readonly (readonly [string, Packing])[] = [
  ["1f8b", "gz"],
  ["fd377a585a00", "xz"],
  ["28b52ffd", "zst"],
];

const unpackers: { readonly [P in Packing]: (bytes: Uint8Array, limit: number) => Uint8Array | Promise<Uint8Array> } = {
  none: (bytes) => bytes,
  gz: (bytes, limit) => gunzipSync(bytes, { maxOutputLength: limit }),
  xz: streamed("xz"),
  zst: streamed("zst"),
};

/** Collects pieces up to a limit, so that a small file cannot grow into all of the memory. */
function createCollector(limit: number): { add: (piece: Uint8Array) => void; join: () => Uint8Array } {
  const pieces: Uint8Array[] = [];
  let size = 0;
  return {
    add: (piece) => {
      size += piece.length;
      if (size > limit) throw new Error(`its content is larger than ${limit} bytes`);
      pieces.push(piece);
    },
    join: () => Buffer.concat(pieces, size),
  };
}

/** One piece at a time, so that a small file cannot grow into all of the memory. */
function streamed(packing: Packing): (bytes: Uint8Array, limit: number) => Promise<Uint8Array> {
  return async (bytes, limit) => {
    const collector = createCollector(limit);
    const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for await (const piece of unpackPieces(Readable.from([whole]), packing)) collector.add(piece);
    return collector.join();
  };
}
