const noteHeaderSize = 12;
const gnuBuildId = 3;
const gnu = Buffer.from("GNU\0", "latin1");

/**
 * The build id in a GNU build-id note, in lower-case hexadecimal: sizes of name and content, type, name, content; see
 * elf(5). An object file has it in a section, the kernel shows it of what is loaded. `undefined` if it is no such note.
 */
export function readBuildIdNote(note: Uint8Array, littleEndian: boolean): string | undefined {
  if (note.length < noteHeaderSize + gnu.length) return undefined;
  const view = new DataView(note.buffer, note.byteOffset, note.byteLength);
  const [nameSize, size, type] = [0, 4, 8].map((at) => view.getUint32(at, littleEndian));
  const start = noteHeaderSize + gnu.length;
  const isBuildId = nameSize === gnu.length && type === gnuBuildId && gnu.compare(note, noteHeaderSize, start) === 0;
  if (!isBuildId || !size || start + size > note.length) return undefined;
  return Buffer.from(note.subarray(start, start + size)).toString("hex");
}
