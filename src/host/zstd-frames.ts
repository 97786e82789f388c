/** One frame of a zstd file, as its headers describe it. */
export interface ZstdFrame {
  /** Header, blocks and checksum. */
  readonly bytes: Uint8Array;
  /** How many bytes a decoder has to keep while it decodes. */
  readonly windowSize: number;
  /** The low 32 bits of the content's XXH64. */
  readonly checksum: number | undefined;
}

/**
 * Splits a zstd file into its frames without decoding any; skippable frames are left out. Throws a plain Error that
 * says what is wrong with the data. Format: RFC 8878.
 */
export function splitZstdFrames(bytes: Uint8Array): readonly ZstdFrame[] {
  const frames: ZstdFrame[] = [];
  try {
    for (let at = 0; at < bytes.length; ) {
      const rest = bytes.subarray(at);
      const view = new DataView(rest.buffer, rest.byteOffset, rest.byteLength);
      const frame = isSkippable(view) ? undefined : readFrame(view, rest);
      if (frame) frames.push(frame);
      at += frame?.bytes.length ?? 8 + view.getUint32(4, true);
      if (at > bytes.length) throw new Error("it ends too early");
    }
  } catch (error) {
    // What a DataView throws where one reads behind the end.
    throw error instanceof RangeError ? new Error("it ends too early") : error;
  }
  return frames;
}

const frameMagic = 0xfd2fb528;
/** The last four bits are free. */
const skippableMagic = 0x184d2a50;
const checksumSize = 4;
/** Block_Type 1: one byte that is to be repeated. */
const runLength = 1;

function isSkippable(view: DataView): boolean {
  return (view.getUint32(0, true) & ~0xf) === skippableMagic;
}

function readFrame(view: DataView, rest: Uint8Array): ZstdFrame {
  if (view.getUint32(0, true) !== frameMagic) throw new Error("something else follows its last frame");
  const descriptor = view.getUint8(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const contentSizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  if ((descriptor & 3) !== 0) throw new Error("it needs a dictionary");
  const contentSizeAt = isSingleSegment ? 5 : 6;
  const blocksEnd = skipBlocks(view, contentSizeAt + contentSizeBytes);
  const hasChecksum = (descriptor & 4) !== 0;
  const checksum = hasChecksum ? view.getUint32(blocksEnd, true) : undefined;
  return {
    bytes: rest.subarray(0, blocksEnd + (hasChecksum ? checksumSize : 0)),
    windowSize: isSingleSegment ? contentSize(view, contentSizeAt, contentSizeBytes) : windowSize(view.getUint8(5)),
    checksum,
  };
}

/** Where the last block ends. */
function skipBlocks(view: DataView, start: number): number {
  let at = start;
  for (;;) {
    const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    const isRun = ((header >> 1) & 3) === runLength;
    at += 3 + (isRun ? 1 : header >> 3);
    if ((header & 1) !== 0) return at;
  }
}

function contentSize(view: DataView, at: number, bytes: number): number {
  if (bytes === 8) return Number(view.getBigUint64(at, true));
  if (bytes === 4) return view.getUint32(at, true);
  return bytes === 2 ? view.getUint16(at, true) + 256 : view.getUint8(at);
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}
