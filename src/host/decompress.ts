import { gunzipSync } from "node:zlib";
import { splitZstdFrames } from "./zstd-frames.ts";

/** How a file's content is packed, as the last part of its name says it. */
export type Packing = "none" | "gz" | "xz" | "zst";

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
    return { ok: false, error: `does not unpack as ${kind}: ${reason(error)}` };
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
  xz: unpackXz,
  zst: unpackZstd,
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

async function unpackXz(bytes: Uint8Array, limit: number): Promise<Uint8Array> {
  const loaded = await import("xz-decompress");
  // A CommonJS package: Node shows its exports below `default`, a bundler beside it.
  const { XzReadableStream } = loaded.default ?? loaded;
  const collector = createCollector(limit);
  for await (const piece of new XzReadableStream(new Blob([bytes]).stream())) collector.add(piece);
  return collector.join();
}

async function unpackZstd(bytes: Uint8Array, limit: number): Promise<Uint8Array> {
  const [{ Decompress }, xxhash] = await Promise.all([import("fzstd"), import("xxhash-wasm")]);
  const { create64 } = await xxhash.default();
  const collector = createCollector(limit);
  for (const frame of splitZstdFrames(bytes)) {
    if (frame.windowSize > windowLimit) throw new Error(`it needs a window of ${frame.windowSize} bytes`);
    const hash = create64();
    const unpacker = new Decompress((piece) => {
      collector.add(piece);
      hash.update(piece);
    });
    unpacker.push(frame.bytes, true);
    const differs = frame.checksum !== undefined && frame.checksum !== Number(hash.digest() & 0xffffffffn);
    if (differs) throw new Error("its checksum does not match its content");
  }
  return collector.join();
}

/** What zstd(1) itself takes without --long or --memory. */
const windowLimit = 128 << 20;

/** xz-decompress gives only the number of xz-embedded's enum xz_ret. */
const xzReasons: Readonly<Record<string, string>> = {
  "4": "its dictionary is too large",
  "6": "it uses a filter or checksum that is not supported",
  "7": "it is damaged",
  "8": "it is damaged or ends too early",
};

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const xzReason = xzReasons[/get_next_output failed with error code (\d)/.exec(error.message)?.[1] ?? ""];
  return xzReason ?? error.message;
}
