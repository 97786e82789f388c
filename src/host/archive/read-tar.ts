import { archiveFault } from "./archive-fault.ts";
import { type ByteReader, byteReader } from "./byte-reader.ts";
import { readPaxRecords, type TarOverrides } from "./pax-records.ts";
import { blockSize, readTarHeader, type TarHeader } from "./tar-header.ts";

/** One file of an archive, headers that only describe it already taken into account. Nothing is checked yet. */
export interface TarEntry extends TarHeader {
  /** The content, to be read before the next entry is asked for; what is left over is skipped. */
  readonly content: AsyncIterable<Buffer>;
}

/**
 * The entries of an uncompressed tar archive, in order, never more than one piece of it in memory. Understands ustar, GNU's
 * long names and the extended headers of POSIX; what it does not understand it refuses rather than skips, so that nobody
 * else sees another archive in the same bytes. Throws an ArchiveFault.
 */
export async function* readTar(pieces: AsyncIterable<Buffer>): AsyncGenerator<TarEntry, undefined> {
  const reader = byteReader(pieces, () => archiveFault("damaged", "ends in the middle of a file"));
  try {
    for (let header = await readDescribed(reader); header; header = await readDescribed(reader)) {
      const content = contentOf(reader, header.size);
      yield { ...header, content: content.pieces };
      await content.skip();
      await required(reader, -header.size & (blockSize - 1));
    }
    // Whatever lies behind the end is nothing, but the checksums of the compression come after it.
    await reader.toEnd();
  } finally {
    await reader.close();
  }
}

/** The next real header; `undefined` at the end of the archive. */
async function readDescribed(reader: ByteReader): Promise<TarHeader | undefined> {
  let overrides: TarOverrides = {};
  for (;;) {
    const header = readTarHeader(await required(reader, blockSize));
    if (!header) return undefined;
    switch (header.type) {
      case "L":
        overrides = { ...overrides, name: withoutEnd(await describing(reader, header)) };
        break;
      case "K":
        overrides = { ...overrides, linkName: withoutEnd(await describing(reader, header)) };
        break;
      case "x":
        overrides = { ...overrides, ...readPaxRecords(await describing(reader, header)) };
        break;
      case "g":
        refuseGlobal(readPaxRecords(await describing(reader, header)));
        break;
      default:
        return completed({ ...header, ...overrides });
    }
  }
}

/** Nobody needs names of a megabyte. */
const longestDescription = 1 << 20;

async function describing(reader: ByteReader, { size }: TarHeader): Promise<Buffer> {
  if (size > longestDescription) throw archiveFault("limit", `describes a file with ${size} bytes`);
  const whole = await required(reader, size + (-size & (blockSize - 1)));
  return whole.subarray(0, size);
}

async function required(reader: ByteReader, count: number): Promise<Buffer> {
  if (count === 0) return Buffer.alloc(0);
  const bytes = await reader.exactly(count);
  if (!bytes) throw archiveFault("damaged", "ends before the mark that ends every tar archive");
  return bytes;
}

/** GNU ends long names with a NUL. Any other one stays, to be refused. */
function withoutEnd(name: Buffer): Buffer {
  return name.at(-1) === 0 ? name.subarray(0, -1) : name;
}

/** git puts a comment there; anything that would rename or resize every file is a trick. */
function refuseGlobal(overrides: TarOverrides): void {
  if (overrides.name || overrides.linkName || overrides.size !== undefined)
    throw archiveFault("refused", "has a global header that changes every file's name or size");
}

/** v7 marked a directory by a slash at the end of its name, and later programs still may. */
function completed(header: TarHeader): TarHeader {
  const type = header.type === "7" ? "0" : header.type;
  if (type === "0") return { ...header, type: header.name.at(-1) === 0x2f ? emptyOnly("5", header) : "0" };
  return { ...header, type: emptyOnly(type, header) };
}

/** Whether the content of such an entry follows or not is a question that every program answers in its own way. */
function emptyOnly(type: string, { size }: TarHeader): string {
  if (size > 0) throw archiveFault("refused", "holds a directory, a link or a device with a content");
  return type;
}

interface Content {
  readonly pieces: AsyncIterable<Buffer>;
  /** Reads over what nobody wanted. */
  readonly skip: () => Promise<void>;
}

function contentOf(reader: ByteReader, size: number): Content {
  let left = size;
  async function* read(): AsyncGenerator<Buffer, undefined> {
    while (left > 0) {
      const piece = await reader.some(left);
      left -= piece.length;
      yield piece;
    }
  }
  return {
    pieces: { [Symbol.asyncIterator]: read },
    skip: async () => {
      while (left > 0) left -= (await reader.some(left)).length;
    },
  };
}
