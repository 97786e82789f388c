import type { ElfObject } from "./elf-sections.ts";

/**
 * The machine of an ELF object as `uname -m` spells it there; `undefined` if unknown to us. 32-bit ARM has one
 * e_machine for processors that `uname -m` tells apart: there the vermagic says which.
 */
export function machineName(elf: Omit<ElfObject, "sections">, vermagic: string | undefined): string | undefined {
  if (elf.machine === arm) return armName(elf.littleEndian, vermagic);
  return names[elf.machine]?.(elf);
}

/** 32-bit x86 and ARM have several names for what runs on the same machines. */
export function isSameArch(made: string, wanted: string): boolean {
  const family = (arch: string) => arch.replace(/^i[3-6]86$/, "i386").replace(/^armv\d.*$/, "arm");
  return family(made) === family(wanted);
}

const arm = 40;

/** By e_machine (the EM_ constants of elf.h). */
const names: Readonly<Record<number, (elf: Omit<ElfObject, "sections">) => string>> = {
  2: () => "sparc",
  3: () => "i686",
  4: () => "m68k",
  8: ({ bits }) => (bits === 64 ? "mips64" : "mips"),
  15: ({ bits }) => (bits === 64 ? "parisc64" : "parisc"),
  20: ({ littleEndian }) => (littleEndian ? "ppcle" : "ppc"),
  21: ({ littleEndian }) => (littleEndian ? "ppc64le" : "ppc64"),
  22: ({ bits }) => (bits === 64 ? "s390x" : "s390"),
  43: () => "sparc64",
  50: () => "ia64",
  62: () => "x86_64",
  183: ({ littleEndian }) => (littleEndian ? "aarch64" : "aarch64_be"),
  243: ({ bits }) => (bits === 64 ? "riscv64" : "riscv32"),
  258: ({ bits }) => (bits === 64 ? "loongarch64" : "loongarch32"),
  36902: () => "alpha",
};

/** The kernel joins its processor family's name and `l` or `b` for the byte order. */
function armName(littleEndian: boolean, vermagic = ""): string | undefined {
  const family = /\bARMv([4-8])/.exec(vermagic)?.[1];
  const spelled = { "4": "armv4t", "5": "armv5te", "6": "armv6", "7": "armv7", "8": "armv8" }[family ?? ""];
  return spelled && `${spelled}${littleEndian ? "l" : "b"}`;
}
