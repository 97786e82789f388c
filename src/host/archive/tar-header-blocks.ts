import type { ArchiveMember } from "./archive-member.ts";
import { blockSize } from "./tar-header.ts";

/**
 * 1980-01-01, the beginning of time for other archives too. Of all times the same, so that make takes nothing for newer
 * than what it is made of, and not 0, of which tar warns.
 */
const anyTime = 315_532_800;

/**
 * The header of a member as POSIX ustar, behind an extended header where a name does not fit. The owner is root and the
 * time is always the same; of the mode only what git keeps of it too.
 */
export function tarHeaderBlocks(member: ArchiveMember): Buffer {
  const name = member.kind === "directory" ? `${member.name}/` : member.name;
  const target = member.kind === "link" ? member.target : "";
  const size = sizeOf(member);
  const records: [string, string][] = [];
  const place = splitName(name);
  if (!place) records.push(["path", name]);
  if (!fits(target, 100)) records.push(["linkpath", target]);
  if (size > largestOctal) records.push(["size", String(size)]);
  const header = encode({
    type: types[member.kind],
    ...(place ?? { name: cut(name), prefix: "" }),
    target: cut(target),
    mode: modeOf(member),
    size: Math.min(size, largestOctal),
  });
  return records.length === 0 ? header : Buffer.concat([extended(name, records), header]);
}

/** How many bytes follow the header, the padding not counted. */
export function sizeOf(member: ArchiveMember): number {
  if (member.kind === "text") return Buffer.byteLength(member.text);
  return member.kind === "file" ? member.size : 0;
}

/** What fills the last block of so many bytes. */
export function padding(size: number): Buffer {
  return Buffer.alloc(-size & (blockSize - 1));
}

/** Two empty blocks, filled up to the record size that tar writes too. */
export function endOfArchive(length: number): Buffer {
  const end = length + 2 * blockSize;
  return Buffer.alloc(Math.ceil(end / recordSize) * recordSize - length);
}

const recordSize = 20 * blockSize;
const largestOctal = 0o77777777777;
const types: Readonly<Record<ArchiveMember["kind"], string>> = { directory: "5", link: "2", text: "0", file: "0" };

function modeOf(member: ArchiveMember): number {
  if (member.kind === "link") return 0o777;
  return member.kind === "directory" || (member.kind === "file" && member.executable) ? 0o755 : 0o644;
}

interface Fields {
  readonly type: string;
  readonly name: string;
  readonly prefix: string;
  readonly target: string;
  readonly mode: number;
  readonly size: number;
}

function encode({ type, name, prefix, target, mode, size }: Fields): Buffer {
  const block = Buffer.alloc(blockSize);
  block.write(name, 0, 100);
  block.write(octal(mode, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(anyTime, 11), 136);
  block.write(" ".repeat(8), 148);
  block.write(type, 156);
  block.write(target, 157, 100);
  block.write("ustar\u000000", 257);
  block.write("root", 265);
  block.write("root", 297);
  block.write(octal(0, 7), 329);
  block.write(octal(0, 7), 337);
  block.write(prefix, 345, 155);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148);
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}

/** Records `<length> <key>=<value>\n`, the length counting itself (pax in POSIX). */
function extended(name: string, records: readonly (readonly [string, string])[]): Buffer {
  const body = Buffer.from(records.map(([key, value]) => record(`${key}=${value}\n`)).join(""));
  const fields = { type: "x", prefix: "", target: "", mode: 0o644, size: body.length };
  return Buffer.concat([encode({ ...fields, name: cut(`PaxHeaders/${name}`) }), body, padding(body.length)]);
}

function record(text: string): string {
  const rest = Buffer.byteLength(text) + 1;
  const digits = String(rest + String(rest).length).length;
  return `${rest + digits} ${text}`;
}

/** The two parts of a name in ustar: at a slash, the first of at most 155 bytes and the second of 100. */
function splitName(name: string): { readonly name: string; readonly prefix: string } | undefined {
  if (fits(name, 100)) return { name, prefix: "" };
  for (let slash = name.indexOf("/"); slash > 0; slash = name.indexOf("/", slash + 1)) {
    const parts = { prefix: name.slice(0, slash), name: name.slice(slash + 1) };
    if (parts.name !== "" && fits(parts.name, 100) && fits(parts.prefix, 155)) return parts;
  }
  return undefined;
}

/** What is not ASCII is said in an extended header, which says that it is UTF-8. */
function fits(text: string, bytes: number): boolean {
  return text.length <= bytes && Buffer.byteLength(text) === text.length;
}

/** For readers that know no extended headers. */
function cut(text: string): string {
  return text.replace(/[^ -~]/g, "_").slice(0, 100);
}
