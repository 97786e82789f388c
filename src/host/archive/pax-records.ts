import { archiveFault } from "./archive-fault.ts";
import type { TarHeader } from "./tar-header.ts";

/** What a header that only describes the next file says in the place of that file's own. */
export type TarOverrides = Partial<Pick<TarHeader, "name" | "linkName" | "size" | "mtime">>;

/**
 * What an extended header of POSIX says about the next file: records `<length> <key>=<value>\n`, the length counting
 * itself. Of keys that do not matter here nothing is kept. Throws an ArchiveFault.
 */
export function readPaxRecords(bytes: Buffer): TarOverrides {
  let found: TarOverrides = {};
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const digits = space < 0 ? "" : bytes.toString("latin1", at, space);
    const end = at + Number(digits);
    const equals = bytes.indexOf(0x3d, space);
    if (!/^[1-9]\d{0,6}$/.test(digits) || end > bytes.length || bytes[end - 1] !== 0x0a || equals < 0 || equals >= end)
      throw archiveFault("damaged", "is damaged: an extended header is not made of records");
    const value = bytes.subarray(equals + 1, end - 1);
    found = { ...found, ...meaningOf(bytes.toString("latin1", space + 1, equals), value) };
    at = end;
  }
  return found;
}

function meaningOf(key: string, value: Buffer): TarOverrides {
  switch (key) {
    case "path":
      return { name: value };
    case "linkpath":
      return { linkName: value };
    case "size":
      return { size: numberOf(value) };
    case "mtime":
      return { mtime: Math.max(0, Math.floor(Number(value.toString("latin1"))) || 0) };
    default:
      if (key.startsWith("GNU.sparse.")) throw archiveFault("refused", "holds a sparse file");
      return {};
  }
}

function numberOf(value: Buffer): number {
  const text = value.toString("latin1");
  if (!/^\d{1,20}$/.test(text))
    throw archiveFault("damaged", "is damaged: an extended header holds a size that is none");
  return Number(text);
}
