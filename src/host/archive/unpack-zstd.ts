import { type ByteReader, byteReader } from "./byte-reader.ts";

/**
 * Unpacks zstd frames block by block; skippable frames are left out. Throws a plain Error that says what is wrong with the
 * data. Format: RFC 8878. The headers are read here, since the decoder checks neither windows nor checksums.
 */
export async function* unpackZstd(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer, undefined> {
  const [{ Decompress }, xxhash] = await Promise.all([import("fzstd"), import("xxhash-wasm")]);
  const { create64 } = await xxhash.default();
  const reader = byteReader(packed, endsTooEarly);
  for (let magic = await reader.exactly(4); magic; magic = await reader.exactly(4)) {
    const number = magic.readUInt32LE(0);
    if ((number & ~0xf) === skippableMagic) await skip(reader, (await required(reader, 4)).readUInt32LE(0));
    else {
      if (number !== frameMagic) throw new Error("something else follows its last frame");
      const hash = create64();
      const made: Buffer[] = [];
      const decoder = new Decompress((piece) => made.push(Buffer.from(piece)));
      const header = await readHeader(reader);
      decoder.push(Buffer.concat([magic, header.bytes]));
      for (let last = false; !last; ) {
        const block = await readBlock(reader);
        last = block.isLast;
        const checksum = last && header.hasChecksum ? await required(reader, checksumSize) : Buffer.alloc(0);
        decoder.push(block.bytes, last && !header.hasChecksum);
        if (checksum.length > 0) decoder.push(checksum, true);
        for (const piece of made.splice(0)) {
          hash.update(piece);
          yield piece;
        }
        if (checksum.length > 0 && checksum.readUInt32LE(0) !== Number(hash.digest() & 0xffffffffn))
          throw new Error("its checksum does not match its content");
      }
    }
  }
}

const frameMagic = 0xfd2fb528;
/** The last four bits are free. */
const skippableMagic = 0x184d2a50;
const checksumSize = 4;
/** Block_Type 1: one byte that is to be repeated. */
const runLength = 1;
/** What zstd(1) itself takes without --long or --memory. */
const windowLimit = 128 << 20;

interface FrameHeader {
  /** Without the magic number. */
  readonly bytes: Buffer;
  readonly hasChecksum: boolean;
}

async function readHeader(reader: ByteReader): Promise<FrameHeader> {
  const first = await required(reader, 1);
  const descriptor = first.readUInt8(0);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if ((descriptor & 3) !== 0) throw new Error("it needs a dictionary");
  const window = await required(reader, isSingleSegment ? 0 : 1);
  const size = await required(reader, [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0);
  const needed = isSingleSegment ? contentSize(size) : windowSize(window.readUInt8(0));
  if (needed > windowLimit) throw new Error(`it needs a window of ${needed} bytes`);
  return { bytes: Buffer.concat([first, window, size]), hasChecksum: (descriptor & 4) !== 0 };
}

/** How many bytes a decoder has to keep while it decodes. */
function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function contentSize(field: Buffer): number {
  if (field.length === 8) return Number(field.readBigUInt64LE(0));
  return field.readUIntLE(0, field.length) + (field.length === 2 ? 256 : 0);
}

async function readBlock(reader: ByteReader): Promise<{ readonly bytes: Buffer; readonly isLast: boolean }> {
  const header = await required(reader, 3);
  const number = header.readUIntLE(0, 3);
  const isRun = ((number >> 1) & 3) === runLength;
  const content = await required(reader, isRun ? 1 : number >> 3);
  return { bytes: Buffer.concat([header, content]), isLast: (number & 1) !== 0 };
}

async function required(reader: ByteReader, count: number): Promise<Buffer> {
  const bytes = count === 0 ? Buffer.alloc(0) : await reader.exactly(count);
  if (!bytes) throw endsTooEarly();
  return bytes;
}

async function skip(reader: ByteReader, count: number): Promise<void> {
  for (let left = count; left > 0; ) left -= (await reader.some(left)).length;
}

function endsTooEarly(): Error {
  return new Error("it ends too early");
}
