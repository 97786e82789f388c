import type { SortedBlock } from "./sorted-block.ts";

export interface BlockPiece {
  readonly piece: Buffer;
  /** The checksum of the block up to here. */
  readonly sum: number;
}

/**
 * What a block of bzip2 was before its bytes were sorted: four equal bytes are followed by how often the byte comes again. In
 * pieces, since a block of zeros grows fifty-fold. `work` is used up.
 */
export function* blockOutput(work: Uint32Array, { length, origin }: SortedBlock): Generator<BlockPiece, undefined> {
  linkRotations(work, length);
  let piece = Buffer.allocUnsafeSlow(pieceSize);
  let filled = 0;
  let sum = 0xffffffff;
  let next = work[origin] ?? 0;
  let before = -1;
  let equal = 0;
  for (let at = 0; at < length; at++) {
    next = work[next >>> 8] ?? 0;
    const byte = next & 0xff;
    if (filled + 256 > pieceSize) {
      yield { piece: piece.subarray(0, filled), sum: ~sum >>> 0 };
      piece = Buffer.allocUnsafeSlow(pieceSize);
      filled = 0;
    }
    if (equal === 4) {
      piece.fill(before, filled, filled + byte);
      filled += byte;
      for (let again = 0; again < byte; again++) sum = (sum << 8) ^ (crcTable[(sum >>> 24) ^ before] ?? 0);
      equal = 0;
      before = -1;
      continue;
    }
    equal = byte === before ? equal + 1 : 1;
    before = byte;
    piece[filled] = byte;
    filled += 1;
    sum = (sum << 8) ^ (crcTable[(sum >>> 24) ^ byte] ?? 0);
  }
  yield { piece: piece.subarray(0, filled), sum: ~sum >>> 0 };
}

const pieceSize = 1 << 18;

/** Above each byte: where the byte that follows it in the block stands. */
function linkRotations(work: Uint32Array, length: number): void {
  const counts = new Uint32Array(257);
  for (let at = 0; at < length; at++) {
    const byte = (work[at] ?? 0) + 1;
    counts[byte] = (counts[byte] ?? 0) + 1;
  }
  for (let byte = 1; byte < 257; byte++) counts[byte] = (counts[byte] ?? 0) + (counts[byte - 1] ?? 0);
  for (let at = 0; at < length; at++) {
    const byte = (work[at] ?? 0) & 0xff;
    const place = counts[byte] ?? 0;
    counts[byte] = place + 1;
    work[place] = (work[place] ?? 0) | (at << 8);
  }
}

/** CRC-32, the highest bit first. */
const crcTable = Int32Array.from({ length: 256 }, (_, index) => {
  let value = index << 24;
  for (let bit = 0; bit < 8; bit++) value = value < 0 ? (value << 1) ^ 0x04c11db7 : value << 1;
  return value;
});
