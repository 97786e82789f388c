import { byteReader } from "./byte-reader.ts";

/** Takes a stream apart bit by bit, the highest of each byte first. Between two calls of `fill` nothing is waited for. */
export interface BitReader {
  /** Reads on until as much is there as may be wanted, or the stream is at its end. */
  readonly fill: () => Promise<void>;
  /** At most 24 bits. Throws where the stream ends too early. */
  readonly take: (count: number) => number;
  /** As `take`, with zeros behind the end, and what it shows is still to be taken. */
  readonly peek: (count: number) => number;
  readonly skip: (count: number) => void;
  /** Drops the rest of a byte that was begun. */
  readonly align: () => void;
  /** Right after a `fill`. */
  readonly isAtEnd: () => boolean;
  readonly close: () => Promise<void>;
}

/** `ahead`: how many bytes are there at least after a `fill`. */
export function bitReader(pieces: AsyncIterable<Buffer>, ahead: number): BitReader {
  const reader = byteReader(pieces, endsTooEarly);
  let bytes: Buffer = Buffer.alloc(0);
  let at = 0;
  const peek = (count: number): number => {
    const byte = at >>> 3;
    const word =
      ((bytes[byte] ?? 0) << 24) |
      ((bytes[byte + 1] ?? 0) << 16) |
      ((bytes[byte + 2] ?? 0) << 8) |
      (bytes[byte + 3] ?? 0);
    return (word << (at & 7)) >>> (32 - count);
  };
  const skip = (count: number): void => {
    at += count;
    if (at > bytes.length * 8) throw endsTooEarly();
  };
  return {
    peek,
    skip,
    take: (count) => {
      const value = peek(count);
      skip(count);
      return value;
    },
    align: () => {
      at = (at + 7) & ~7;
    },
    isAtEnd: () => at >>> 3 >= bytes.length,
    close: reader.close,
    fill: async () => {
      const parts = [bytes.subarray(at >>> 3)];
      at &= 7;
      for (let held = parts[0]?.length ?? 0; held < ahead; ) {
        const piece = await reader.any();
        if (!piece) break;
        parts.push(piece);
        held += piece.length;
      }
      if (parts.length > 1) bytes = Buffer.concat(parts);
      else bytes = parts[0] ?? bytes;
    },
  };
}

function endsTooEarly(): Error {
  return new Error("it ends too early");
}
