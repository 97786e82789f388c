import { archiveFault } from "./archive-fault.ts";

export const blockSize = 512;

/** One header block, as it stands: names are bytes, and say nothing about what they may mean. */
export interface TarHeader {
  /** The typeflag: `0` for a file, `5` for a directory, … */
  readonly type: string;
  readonly name: Buffer;
  readonly linkName: Buffer;
  readonly mode: number;
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
}

/**
 * Reads a header block: POSIX ustar, the older form without a prefix, and GNU's numbers of more than eleven octal digits.
 * `undefined` for the block of zeros that ends an archive. Throws an ArchiveFault for anything else that is not a header.
 */
export function readTarHeader(block: Buffer): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  if (readNumber(block, 148, 8) !== checksumOf(block)) {
    throw archiveFault("damaged", "is damaged, or no tar archive at all: a header's checksum does not match");
  }
  const isPosix = block.toString("latin1", 257, 263) === "ustar\0";
  const prefix = isPosix ? textField(block, 345, 155) : Buffer.alloc(0);
  const name = textField(block, 0, 100);
  return {
    type: String.fromCharCode(block[156] || 0x30),
    name: prefix.length > 0 ? Buffer.concat([prefix, Buffer.from("/"), name]) : name,
    linkName: textField(block, 157, 100),
    mode: readNumber(block, 100, 8),
    size: readNumber(block, 124, 12),
    mtime: readNumber(block, 136, 12),
  };
}

/** Up to the first NUL; a field that is full has none. */
function textField(block: Buffer, start: number, length: number): Buffer {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return end < 0 ? field : field.subarray(0, end);
}

/** Octal digits between spaces and NULs, or, with the first bit set, a big-endian number (GNU). */
function readNumber(block: Buffer, start: number, length: number): number {
  const field = block.subarray(start, start + length);
  if (((field[0] ?? 0) & 0x80) !== 0) return readBinary(field);
  const digits = /^[ \0]*([0-7]*)[ \0]*$/.exec(field.toString("latin1"))?.[1];
  if (digits === undefined)
    throw archiveFault("damaged", "is damaged, or no tar archive at all: a header holds a number that is none");
  return Number.parseInt(digits || "0", 8);
}

function readBinary(field: Buffer): number {
  // The second bit is the sign: times before 1970, which concern nobody.
  if (((field[0] ?? 0) & 0x40) !== 0) return 0;
  return field.reduce((value, byte, at) => value * 256 + (at === 0 ? byte & 0x3f : byte), 0);
}

/** The sum of all bytes, the field of the checksum itself counted as spaces. */
function checksumOf(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < blockSize; at++) if (at < 148 || at >= 156) sum += block[at] ?? 0;
  return sum;
}
