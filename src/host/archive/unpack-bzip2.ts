import { type BitReader, bitReader } from "./bit-reader.ts";
import { blockOutput } from "./bzip2-output.ts";
import type { SortedBlock } from "./sorted-block.ts";

/**
 * Unpacks a bzip2 stream, or several one after the other, block by block. Throws a plain Error that says what is wrong
 * with the data. Written here because Node has no bzip2, and the packages for it are slow or without checksums; the format is
 * that of bzip2 1.0: blocks, sorted by their rotations, then move-to-front, run lengths and Huffman codes.
 */
export async function* unpackBzip2(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer, undefined> {
  const bits = bitReader(packed, longestBlock);
  try {
    await bits.fill();
    do {
      if (bits.take(24) !== signature) throw new Error("something else follows its last stream");
      const level = bits.take(8) - 0x30;
      if (level < 1 || level > 9) throw new Error("it is damaged: its block size is none");
      yield* unpackStream(bits, level * 100_000);
    } while (!bits.isAtEnd());
  } finally {
    await bits.close();
  }
}

/** `BZh` */
const signature = 0x425a68;
/** Twenty bits for each of 900 thousand symbols, and the tables. */
const longestBlock = 3 << 20;
const blockMark = [0x314159, 0x265359];
const endMark = [0x177245, 0x385090];

async function* unpackStream(bits: BitReader, blockSize: number): AsyncGenerator<Buffer, undefined> {
  const work = new Uint32Array(blockSize);
  let whole = 0;
  for (;;) {
    const mark = [bits.take(24), bits.take(24)];
    const checksum = ((bits.take(16) << 16) | bits.take(16)) >>> 0;
    if (mark[0] === endMark[0] && mark[1] === endMark[1]) {
      if (checksum !== whole) throw new Error("its checksum does not match its content");
      bits.align();
      await bits.fill();
      return;
    }
    if (mark[0] !== blockMark[0] || mark[1] !== blockMark[1]) throw damaged("a block does not begin where it should");
    const block = readBlock(bits, work);
    let found = 0;
    for (const { piece, sum } of blockOutput(work, block)) {
      found = sum;
      yield piece;
    }
    if (found !== checksum) throw new Error("its checksum does not match its content");
    whole = (((whole << 1) | (whole >>> 31)) ^ found) >>> 0;
    await bits.fill();
  }
}

function readBlock(bits: BitReader, work: Uint32Array): SortedBlock {
  if (bits.take(1) !== 0) throw new Error("it was made by a version of bzip2 before 1.0");
  const origin = bits.take(24);
  const bytes = readAlphabet(bits);
  const tables = bits.take(3);
  if (tables < 2 || tables > 6) throw damaged("it has no table of codes");
  const selectors = readSelectors(bits, tables);
  const codes = Array.from({ length: tables }, () => readCode(bits, bytes.length + 2));
  const length = readSymbols(bits, { bytes, selectors, codes, work });
  if (origin >= length) throw damaged("a block has no beginning");
  return { length, origin };
}

/** The bytes that occur. */
function readAlphabet(bits: BitReader): Uint8Array {
  const ranges = bits.take(16);
  const bytes: number[] = [];
  for (let range = 0; range < 16; range++) {
    if ((ranges & (0x8000 >> range)) === 0) continue;
    const members = bits.take(16);
    for (let member = 0; member < 16; member++) if (members & (0x8000 >> member)) bytes.push(range * 16 + member);
  }
  if (bytes.length === 0) throw damaged("a block is made of nothing");
  return Uint8Array.from(bytes);
}

/** Which table is used for each fifty symbols, moved to the front. */
function readSelectors(bits: BitReader, tables: number): Uint8Array {
  const count = bits.take(15);
  const order = Array.from({ length: tables }, (_, table) => table);
  const selectors = new Uint8Array(count);
  for (let at = 0; at < count; at++) {
    let place = 0;
    while (bits.take(1) !== 0) {
      place += 1;
      if (place >= tables) throw damaged("it names a table of codes that is not there");
    }
    const [table = 0] = order.splice(place, 1);
    order.unshift(table);
    selectors[at] = table;
  }
  return selectors;
}

const longestCode = 20;

/** Codes of one length follow each other; for each length the last code, and where its symbols begin. */
interface Code {
  readonly shortest: number;
  readonly last: Int32Array;
  readonly offset: Int32Array;
  readonly symbols: Uint16Array;
}

function readCode(bits: BitReader, count: number): Code {
  const lengths = new Uint8Array(count);
  let length = bits.take(5);
  for (let symbol = 0; symbol < count; symbol++) {
    for (;;) {
      if (length < 1 || length > longestCode) throw damaged("a code is too long");
      if (bits.take(1) === 0) break;
      length += bits.take(1) === 0 ? 1 : -1;
    }
    lengths[symbol] = length;
  }
  const symbols = Uint16Array.from(
    Array.from(lengths.keys()).sort((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0) || a - b),
  );
  const last = new Int32Array(longestCode + 1).fill(-1);
  const offset = new Int32Array(longestCode + 1);
  let code = 0;
  let first = 0;
  for (let size = 1; size <= longestCode; size++) {
    const number = lengths.reduce((sum, one) => sum + (one === size ? 1 : 0), 0);
    offset[size] = first - code;
    last[size] = number === 0 ? -1 : code + number - 1;
    code = (code + number) << 1;
    first += number;
  }
  return { shortest: lengths.reduce((least, one) => Math.min(least, one), longestCode), last, offset, symbols };
}

interface Symbols {
  readonly bytes: Uint8Array;
  readonly selectors: Uint8Array;
  readonly codes: readonly Code[];
  readonly work: Uint32Array;
}

const groupSize = 50;

/** Fills `work` with the bytes; how many they are. */
function readSymbols(bits: BitReader, { bytes, selectors, codes, work }: Symbols): number {
  const front = Uint8Array.from(bytes);
  const end = bytes.length + 1;
  let filled = 0;
  let run = 0;
  let weight = 1;
  for (let at = 0; ; at++) {
    const code = codes[selectors[Math.floor(at / groupSize)] ?? -1];
    if (!code) throw damaged("a block has no end");
    const symbol = readSymbol(bits, code);
    if (symbol <= 1) {
      // The digits of a number in base 2, of which none is zero.
      run += weight << symbol;
      weight *= 2;
      if (run > work.length) throw damaged("a block is too long");
      continue;
    }
    if (run > 0) {
      if (filled + run > work.length) throw damaged("a block is too long");
      work.fill(front[0] ?? 0, filled, filled + run);
      filled += run;
      run = 0;
      weight = 1;
    }
    if (symbol === end) return filled;
    if (filled >= work.length) throw damaged("a block is too long");
    const byte = front[symbol - 1] ?? 0;
    front.copyWithin(1, 0, symbol - 1);
    front[0] = byte;
    work[filled] = byte;
    filled += 1;
  }
}

function readSymbol(bits: BitReader, { shortest, last, offset, symbols }: Code): number {
  const next = bits.peek(longestCode);
  for (let size = shortest; size <= longestCode; size++) {
    const code = next >>> (longestCode - size);
    if (code > (last[size] ?? -1)) continue;
    bits.skip(size);
    const symbol = symbols[code + (offset[size] ?? 0)];
    if (symbol !== undefined) return symbol;
    break;
  }
  throw damaged("it holds a code that is none");
}

function damaged(what: string): Error {
  return new Error(`it is damaged: ${what}`);
}
