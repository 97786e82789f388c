/** What efivarfs shows, made by hand: four bytes of attributes, then the content. */
import type { TreeBuilder } from "./tree-builder.ts";

const guids = {
  global: "8be4df61-93ca-11d2-aa0d-00e098032b8c",
  database: "d719b2cb-3d3a-4596-a3bc-dad00e67656f",
  shim: "605dab50-e046-4300-abb6-3dd810dd8b23",
};

/** Writes one variable; returns its file. */
export function writeVariable(
  tree: TreeBuilder,
  name: string,
  { vendor, content }: { vendor: keyof typeof guids; content: Uint8Array },
): string {
  const file = `sys/firmware/efi/efivars/${name}-${guids[vendor]}`;
  return tree.write(file, Buffer.concat([Buffer.from([6, 0, 0, 0]), content]));
}

/** Secure Boot on or off; without it, a machine has no EFI. */
export function writeSecureBoot(tree: TreeBuilder, on: boolean): void {
  writeVariable(tree, "SecureBoot", { vendor: "global", content: Uint8Array.of(on ? 1 : 0) });
}

const types = {
  x509: "a159c0a5e494a74a87b5ab155c2bf072",
  sha256: "2616c4c14c509240aca941f936934328",
};

/** One EFI_SIGNATURE_LIST; all its entries have the size of the first. */
export function signatureList(
  type: keyof typeof types,
  entries: readonly Uint8Array[],
  header = Buffer.alloc(0),
): Buffer {
  const size = 16 + (entries[0]?.length ?? 0);
  const numbers = Buffer.alloc(12);
  numbers.writeUInt32LE(28 + header.length + size * entries.length, 0);
  numbers.writeUInt32LE(header.length, 4);
  numbers.writeUInt32LE(size, 8);
  const owned = entries.map((entry) => Buffer.concat([Buffer.alloc(16, 0xee), entry]));
  return Buffer.concat([Buffer.from(types[type], "hex"), numbers, header, ...owned]);
}
