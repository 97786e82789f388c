/** One entry of an archive, every field of its header as it is wanted, also wrong. */
export interface ArchivedFile {
  readonly name: string | Buffer;
  /** The typeflag; default: `0`, a file. */
  readonly type?: string;
  readonly content?: string | Buffer;
  readonly linkName?: string | Buffer;
  /** Default: 0644. */
  readonly mode?: number;
  /** What the header claims; default: the content's. */
  readonly size?: number;
  readonly mtime?: number;
  /** Goes into the field of the checksum instead of the right one. */
  readonly checksum?: number;
}

/** The bytes of a tar archive, written by hand so that it can be wrong in every way. */
export function tarArchive(files: readonly ArchivedFile[], { withEnd = true } = {}): Buffer {
  const blocks = files.flatMap((file) => [tarHeader(file), padded(Buffer.from(file.content ?? ""))]);
  return Buffer.concat([...blocks, Buffer.alloc(withEnd ? 1024 : 0)]);
}

/** An extended header of POSIX: what it says about the next entry. */
export function paxHeader(values: Readonly<Record<string, string | Buffer>>, type = "x"): ArchivedFile {
  const records = Object.entries(values).map(([key, value]) => paxRecord(key, Buffer.from(value)));
  return { name: "pax", type, content: Buffer.concat(records) };
}

function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from("\n")]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** GNU's way to say a long name. */
export function gnuLongName(name: string | Buffer, type: "L" | "K" = "L"): ArchivedFile {
  return { name: "././@LongLink", type, content: Buffer.concat([Buffer.from(name), Buffer.alloc(1)]) };
}

/** One header block. */
export function tarHeader({ name, linkName = "", ...file }: ArchivedFile): Buffer {
  const { type = "0", content = "", mode = 0o644, size = Buffer.byteLength(content), mtime = 1_700_000_000 } = file;
  const block = Buffer.alloc(512);
  Buffer.from(name).copy(block, 0, 0, 100);
  block.write(octal(mode, 7), 100, "latin1");
  block.write(octal(0, 7), 108, "latin1");
  block.write(octal(0, 7), 116, "latin1");
  if (size < 8 ** 11) block.write(octal(size, 11), 124, "latin1");
  else writeBinary(block, size);
  block.write(octal(mtime, 11), 136, "latin1");
  block.write(type, 156, "latin1");
  Buffer.from(linkName).copy(block, 157, 0, 100);
  block.write("ustar\u000000", 257, "latin1");
  block.fill(" ", 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(file.checksum ?? sum, 6)}\0 `, 148, "latin1");
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}

/** GNU's form for what eleven octal digits cannot hold. */
function writeBinary(block: Buffer, size: number): void {
  block[124] = 0x80;
  block.writeBigUInt64BE(BigInt(size), 128);
}

function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc(-content.length & 511)]);
}
