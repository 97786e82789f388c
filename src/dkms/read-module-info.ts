import { readBuildIdNote } from "./build-id-note.ts";
import { machineName } from "./elf-machine.ts";
import { type ElfObject, readElf } from "./elf-sections.ts";
import type { Result } from "./failure.ts";
import type { ModuleInfo } from "./module-info.ts";
import { readModuleSignature } from "./module-signature.ts";

/**
 * What an uncompressed kernel object says of itself, without starting modinfo. Where a field occurs several times the
 * first one counts, as for the kernel. `name` is `undefined` for objects of kernels before 4.13, which do not write it;
 * modinfo prints none then either. Never throws, whatever the bytes are; the error completes a sentence that begins
 * with the file's name.
 */
export function readModuleInfo(bytes: Uint8Array): Result<ModuleInfo, string> {
  const elf = readElf(bytes, [".modinfo", ".note.gnu.build-id"]);
  if (!elf.ok) return elf;
  const modinfo = elf.value.sections.get(".modinfo");
  if (!modinfo) return { ok: false, error: "is an ELF object without a .modinfo section, so not a kernel module" };
  if (modinfo.length > sizeLimit) return { ok: false, error: `has a .modinfo section of ${modinfo.length} bytes` };
  const fields = readFields(modinfo);
  const vermagic = fields.get("vermagic");
  return {
    ok: true,
    value: {
      name: fields.get("name"),
      vermagic,
      version: fields.get("version"),
      srcversion: fields.get("srcversion"),
      depends: (fields.get("depends") ?? "").split(",").filter((name) => name !== ""),
      license: fields.get("license"),
      buildId: readBuildId(elf.value),
      arch: machineName(elf.value, vermagic),
      signature: readModuleSignature(bytes),
    },
  };
}

/** The largest of a distribution's kernel has 50 thousand bytes. */
const sizeLimit = 16 << 20;

/** .modinfo: `key=value` texts, each ended by one or more zero bytes. */
function readFields(section: Uint8Array): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  const text = Buffer.from(section.buffer, section.byteOffset, section.byteLength).toString();
  for (const field of text.split("\0")) {
    const equals = field.indexOf("=");
    const key = field.slice(0, Math.max(equals, 0));
    if (key !== "" && !fields.has(key)) fields.set(key, field.slice(equals + 1));
  }
  return fields;
}

function readBuildId({ sections, littleEndian }: ElfObject): string | undefined {
  const note = sections.get(".note.gnu.build-id");
  return note && readBuildIdNote(note, littleEndian);
}
