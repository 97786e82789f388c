import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decompress, detectPacking } from "../../src/host/decompress.ts";

/** Kernel objects of an extracted kernel package, `count` of them, evenly spread over the sorted list of all. */
export function imageObjects(modules: string, count: number): string[] {
  const all = readdirSync(modules, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.ko(\.(gz|xz|zst))?$/.test(file))
    .sort();
  const step = Math.max(1, all.length / count);
  const chosen = Array.from({ length: Math.min(count, all.length) }, (_, index) => all[Math.floor(index * step)]);
  return chosen.flatMap((file) => (file === undefined ? [] : [join(modules, file)]));
}

/** The bytes of a kernel object without the compression that some distributions' packages have. */
export async function plainObject(path: string): Promise<Uint8Array> {
  const bytes = readFileSync(path);
  const plain = await decompress(bytes, detectPacking(bytes));
  if (!plain.ok) throw new Error(`${path} ${plain.error}`);
  return plain.value;
}
