/** What a kernel object that nobody compiled should look like. */
export interface ObjectShape {
  readonly bits?: 32 | 64;
  readonly littleEndian?: boolean;
  /** e_machine; x86-64 if not given. */
  readonly machine?: number;
  /** Hexadecimal. */
  readonly buildId?: string;
}

/**
 * The bytes of an ELF object with the given .modinfo fields and nothing to run: what modinfo and readModuleInfo need.
 * Fields are pairs, since some keys occur several times.
 */
export function kernelObject(fields: readonly (readonly [string, string])[], shape: ObjectShape = {}): Buffer {
  const modinfo = Buffer.concat(fields.map(([key, value]) => Buffer.from(`${key}=${value}\0`)));
  const sections: Section[] = [{ name: ".modinfo", type: 1, content: modinfo }];
  if (shape.buildId !== undefined) {
    sections.unshift({ name: ".note.gnu.build-id", type: 7, content: buildIdNote(shape.buildId, shape) });
  }
  return elfObject(sections, shape);
}

interface Section {
  readonly name: string;
  readonly type: number;
  readonly content: Buffer;
}

/** Header, contents, section headers: elf(5). */
function elfObject(given: readonly Section[], { bits = 64, littleEndian = true, machine = 62 }: ObjectShape): Buffer {
  const is64 = bits === 64;
  const names = ["", ...given.map(({ name }) => name), ".shstrtab"];
  const nameOffsets = names.map((_, index) => names.slice(0, index).join("\0").length + (index > 0 ? 1 : 0));
  const sections = [...given, { name: ".shstrtab", type: 3, content: Buffer.from(`${names.join("\0")}\0`) }];
  const headerSize = is64 ? 64 : 52;
  const offsets = sections.map((_, index) =>
    sections.slice(0, index).reduce((sum, { content }) => sum + content.length, headerSize),
  );
  const contents = Buffer.concat(sections.map(({ content }) => content));
  const padding = Buffer.alloc(-(headerSize + contents.length) & 7);
  const { u16, u32, word } = writers(bits, littleEndian);
  const ident = Buffer.from([0x7f, 0x45, 0x4c, 0x46, is64 ? 2 : 1, littleEndian ? 1 : 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  const header = [
    ident,
    ...[u16(1), u16(machine), u32(1), word(0), word(0)],
    ...[word(headerSize + contents.length + padding.length), u32(0), u16(headerSize), u16(0), u16(0)],
    ...[u16(is64 ? 64 : 40), u16(sections.length + 1), u16(sections.length)],
  ];
  const sectionHeaders = sections.flatMap(({ type, content }, index) => [
    ...[u32(nameOffsets[index + 1] ?? 0), u32(type), word(0), word(0), word(offsets[index] ?? 0)],
    ...[word(content.length), u32(0), u32(0), word(1), word(0)],
  ]);
  return Buffer.concat([...header, contents, padding, Buffer.alloc(is64 ? 64 : 40), ...sectionHeaders]);
}

function buildIdNote(buildId: string, { bits = 64, littleEndian = true }: ObjectShape): Buffer {
  const { u32 } = writers(bits, littleEndian);
  return Buffer.concat([u32(4), u32(buildId.length / 2), u32(3), Buffer.from("GNU\0"), Buffer.from(buildId, "hex")]);
}

function writers(bits: 32 | 64, littleEndian: boolean) {
  const write = (size: number) => (value: number) => {
    const bytes = Buffer.alloc(size);
    bytes.writeUIntLE(value, 0, Math.min(size, 6));
    return littleEndian ? bytes : bytes.reverse();
  };
  return { u16: write(2), u32: write(4), word: write(bits / 8) };
}
