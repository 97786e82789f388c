import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { Host } from "../host.ts";
import { unpackByProgram, unpackPrograms } from "./unpack-by-program.ts";
import { unpackBzip2 } from "./unpack-bzip2.ts";
import { unpackZstd } from "./unpack-zstd.ts";

/** How a stream is packed. */
export type StreamPacking = "none" | "gz" | "bz2" | "xz" | "zst";

/** What it takes to start programs. */
export type UnpackingHost = Pick<Host, "run" | "findProgram">;

/**
 * Unpacks a stream piece by piece, the checksums that each format carries checked on the way: on a `host` by its programs
 * where it has them (see unpack-by-program.ts), otherwise here. Throws what the decoders throw for what is wrong with the
 * data, or what `packed` throws. The decoders of xz and zst are loaded at the first use.
 */
export function unpackPieces(
  packed: AsyncIterable<Buffer>,
  packing: StreamPacking,
  host?: UnpackingHost,
): AsyncIterable<Buffer> {
  const program = packing === "none" || packing === "gz" ? undefined : unpackPrograms[packing];
  if (host && program && host.findProgram(program.file)) return unpackByProgram(packed, program, host.run);
  return unpackers[packing](packed);
}

const unpackers: { readonly [P in StreamPacking]: (packed: AsyncIterable<Buffer>) => AsyncIterable<Buffer> } = {
  none: (packed) => packed,
  gz: unpackGzip,
  bz2: unpackBzip2,
  xz: unpackXz,
  zst: unpackZstd,
};

async function* unpackGzip(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer, undefined> {
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
  const fed = pipeline(Readable.from(packed), gunzip);
  // Reading it says so too, and with the same error.
  fed.catch(() => {});
  yield* gunzip;
  await fed;
}

async function* unpackXz(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer, undefined> {
  const loaded = await import("xz-decompress");
  // A CommonJS package: Node shows its exports below `default`, a bundler beside it.
  const { XzReadableStream } = loaded.default ?? loaded;
  const source = ReadableStream.from<Uint8Array>(packed);
  // The decoder hands out views of its own memory, which it writes to again.
  for await (const piece of new XzReadableStream(source)) yield Buffer.from(piece);
}

/** xz-decompress gives only the number of xz-embedded's enum xz_ret. */
const xzReasons: Readonly<Record<string, string>> = {
  "4": "its dictionary is too large",
  "6": "it uses a filter or checksum that is not supported",
  "7": "it is damaged",
  "8": "it is damaged or ends too early",
};

/** What a decoder threw, in words that complete a sentence. */
export function unpackReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const xzReason = xzReasons[/get_next_output failed with error code (\d)/.exec(error.message)?.[1] ?? ""];
  return xzReason ?? error.message;
}
