import type { Result } from "./failure.ts";

/** What is needed of an ELF object file, with the sections that were asked for. */
export interface ElfObject {
  /** e_machine */
  readonly machine: number;
  readonly bits: 32 | 64;
  readonly littleEndian: boolean;
  /** Views into the file, not copies; a name that is not here has no section, or one without content in the file. */
  readonly sections: ReadonlyMap<string, Uint8Array>;
}

/**
 * Reads the header of an ELF object file (ELF32 or ELF64, either byte order) and finds sections by name; of several
 * with one name the first counts, as for modinfo. The error completes a sentence that begins with the file's name.
 * Layout: elf(5).
 */
export function readElf(bytes: Uint8Array, wanted: readonly string[]): Result<ElfObject, string> {
  const layout = readIdent(bytes);
  if (!layout.ok) return layout;
  const file: ElfFile = { bytes, ...layout.value };
  const type = file.u16(16);
  if (type !== relocatable) return refuse(`is an ELF file of type ${type}, not an object file (type ${relocatable})`);
  const table = locateSectionTable(file);
  return table.ok ? pickSections(file, { ...table.value, wanted }) : table;
}

const relocatable = 1;
/** SHT_NOBITS: .bss and the like, nothing of it is in the file. */
const withoutContent = 8;
/** SHN_XINDEX: the real index did not fit the header and stands in section 0. */
const indexElsewhere = 0xffff;

/** Sizes of the two headers. */
const layouts = {
  32: { header: 52, sectionHeader: 40 },
  64: { header: 64, sectionHeader: 64 },
} as const;

interface Layout {
  readonly bits: 32 | 64;
  readonly littleEndian: boolean;
  readonly u16: (at: number) => number;
  readonly u32: (at: number) => number;
  /** Elf32_Off or Elf64_Off. Above 2^53 it loses digits, which is far beyond any file's end. */
  readonly word: (at: number) => number;
}

interface ElfFile extends Layout {
  readonly bytes: Uint8Array;
}

interface SectionTable {
  readonly offset: number;
  readonly count: number;
  /** Index of the section that holds the sections' names. */
  readonly namesIndex: number;
}

interface SectionHeader {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

function refuse(error: string): { readonly ok: false; readonly error: string } {
  return { ok: false, error };
}

function readIdent(bytes: Uint8Array): Result<Layout, string> {
  if (bytes.length === 0) return refuse("is empty");
  const magic = Buffer.from(bytes.subarray(0, 4)).toString("hex");
  if (magic !== "7f454c46") return refuse(`is not an ELF file: it begins with the bytes ${magic}`);
  if (bytes.length < 16) return refuse(`is cut off within the ELF header, after ${bytes.length} bytes`);
  const [classByte, orderByte] = [bytes[4], bytes[5]];
  if (classByte !== 1 && classByte !== 2) return refuse(`is neither ELF32 nor ELF64: its class is ${classByte}`);
  if (orderByte !== 1 && orderByte !== 2) return refuse(`is an ELF file with the unknown byte order ${orderByte}`);
  const bits = classByte === 1 ? 32 : 64;
  if (bytes.length < layouts[bits].header) {
    return refuse(`is cut off within the ELF header, after ${bytes.length} bytes`);
  }
  const littleEndian = orderByte === 1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u32 = (at: number) => view.getUint32(at, littleEndian);
  return {
    ok: true,
    value: {
      bits,
      littleEndian,
      u16: (at) => view.getUint16(at, littleEndian),
      u32,
      word: bits === 32 ? u32 : (at) => Number(view.getBigUint64(at, littleEndian)),
    },
  };
}

function locateSectionTable(file: ElfFile): Result<SectionTable, string> {
  const is32 = file.bits === 32;
  const offset = file.word(is32 ? 32 : 40);
  const entrySize = file.u16(is32 ? 46 : 58);
  const count = file.u16(is32 ? 48 : 60);
  const namesIndex = file.u16(is32 ? 50 : 62);
  const { sectionHeader } = layouts[file.bits];
  if (offset === 0) return refuse("is an ELF file without sections");
  if (entrySize !== sectionHeader) return refuse(`has section headers of ${entrySize} bytes, not ${sectionHeader}`);
  if (offset + sectionHeader > file.bytes.length) return refuse(cutOff(file, `its section headers begin at ${offset}`));
  // More than 65279 sections: section 0 says how many.
  const first = readSectionHeader(file, offset);
  const table = {
    offset,
    count: count === 0 ? first.size : count,
    namesIndex: namesIndex === indexElsewhere ? first.link : namesIndex,
  };
  const end = offset + table.count * sectionHeader;
  if (end > file.bytes.length) return refuse(cutOff(file, `its section headers end at ${end}`));
  if (table.namesIndex >= table.count) {
    return refuse(`names its sections in section ${table.namesIndex}, but has only ${table.count}`);
  }
  return { ok: true, value: table };
}

function pickSections(
  file: ElfFile,
  { offset, count, namesIndex, wanted }: SectionTable & { readonly wanted: readonly string[] },
): Result<ElfObject, string> {
  const { sectionHeader } = layouts[file.bits];
  const headerAt = (index: number) => readSectionHeader(file, offset + index * sectionHeader);
  const names = sectionContent(file, "of names", headerAt(namesIndex));
  if (!names.ok) return names;
  const searched = wanted.map((name) => ({ name, pattern: Buffer.from(`${name}\0`, "latin1") }));
  const sections = new Map<string, Uint8Array>();
  for (let index = 1; index < count && sections.size < wanted.length; index++) {
    // The name first and alone: most sections are none of ours.
    const nameOffset = file.u32(offset + index * sectionHeader);
    const match = searched.find(({ pattern }) => startsAt(names.value, nameOffset, pattern));
    if (!match || sections.has(match.name)) continue;
    const header = headerAt(index);
    if (header.type === withoutContent) continue;
    const content = sectionContent(file, match.name, header);
    if (!content.ok) return content;
    sections.set(match.name, content.value);
  }
  const { bits, littleEndian } = file;
  return { ok: true, value: { machine: file.u16(18), bits, littleEndian, sections } };
}

function readSectionHeader({ bits, u32, word }: ElfFile, at: number): SectionHeader {
  const [offset, size, link] = bits === 32 ? [16, 20, 24] : [24, 32, 40];
  return {
    type: u32(at + 4),
    offset: word(at + offset),
    size: word(at + size),
    link: u32(at + link),
  };
}

function sectionContent(file: ElfFile, name: string, { offset, size }: SectionHeader): Result<Uint8Array, string> {
  const end = offset + size;
  if (end > file.bytes.length) return refuse(cutOff(file, `its section ${name} ends at ${end}`));
  return { ok: true, value: file.bytes.subarray(offset, end) };
}

/** Compares in place: a name is never read further than the wanted one is long, whatever the file claims. */
function startsAt(bytes: Uint8Array, at: number, pattern: Uint8Array): boolean {
  return at + pattern.length <= bytes.length && pattern.every((byte, index) => bytes[at + index] === byte);
}

function cutOff({ bytes }: ElfFile, claim: string): string {
  return `is cut off or damaged: ${claim}, but the file has ${bytes.length} bytes`;
}
