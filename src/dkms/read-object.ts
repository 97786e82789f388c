import { decompress, detectPacking } from "../host/decompress.ts";
import type { Host } from "../host/host.ts";
import { fail, type Result, succeed } from "./failure.ts";
import { ioFailure } from "./io-failure.ts";
import type { Compression } from "./kernel.ts";
import type { ModuleInfo } from "./module-info.ts";
import { readModuleInfo } from "./read-module-info.ts";

/** A kernel object as it lies on disk. */
export interface KernelObject {
  readonly info: ModuleInfo;
  /** Told by the content, not by the name. */
  readonly compression: Compression;
  /** Without compression; the signature is part of it. */
  readonly content: Uint8Array;
}

/**
 * Reads a kernel object, compressed or not. Fails with E_NO_OBJECT if it is absent, E_IO or E_PERMISSION if it cannot be
 * read, and E_BAD_OBJECT if it is damaged, larger than 512 MiB or something else; the message names the file.
 */
export async function readObject(host: Pick<Host, "files">, path: string): Promise<Result<KernelObject>> {
  const read = readBytes(host, path);
  if (!read.ok) return read;
  const compression = detectPacking(read.value);
  const content = await decompress(read.value, compression);
  if (!content.ok) return badObject(path, content.error);
  const info = readModuleInfo(content.value);
  if (!info.ok) return badObject(path, info.error);
  return succeed({ info: info.value, compression, content: content.value });
}

function readBytes({ files }: Pick<Host, "files">, path: string): Result<Uint8Array> {
  try {
    const stat = files.stat(path);
    // A FIFO would be waited for without end, and a huge file fills the memory.
    if (stat && stat.kind !== "file") return badObject(path, "is not a file");
    if (stat && stat.size > sizeLimit) return badObject(path, `is larger than ${sizeLimit} bytes`);
    const bytes = files.readBytes(path);
    return bytes ? succeed(bytes) : fail("E_NO_OBJECT", `There is no kernel object ${path}.`, { path });
  } catch (error) {
    return ioFailure(error, `read the kernel object ${path}`);
  }
}

const sizeLimit = 512 << 20;

function badObject(path: string, problem: string): Result<never> {
  const remedy = "Build the module again, or replace the file by an undamaged copy.";
  return fail("E_BAD_OBJECT", `${path} ${problem}.`, { path, remedy });
}
