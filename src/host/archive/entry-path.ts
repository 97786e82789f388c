export type EntryPath = { readonly ok: true; readonly value: string } | { readonly ok: false; readonly error: string };

/**
 * The name of an archive's entry as a path below the archive's root, empty for the root itself; or why it cannot be one.
 * Decided on the bytes: what is no UTF-8 would become another name on its way to the disk.
 */
export function entryPath(name: Buffer): EntryPath {
  if (name.includes(0)) return { ok: false, error: "contains a NUL" };
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(name);
  } catch {
    return { ok: false, error: "is not UTF-8" };
  }
  const problem = problemOf(text);
  if (problem !== undefined) return { ok: false, error: problem };
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  if (name.length > longest) return { ok: false, error: `has more than ${longest} bytes` };
  if (parts.length > mostLevels) return { ok: false, error: `lies more than ${mostLevels} directories deep` };
  if (parts.some((part) => Buffer.byteLength(part) > 255))
    return { ok: false, error: "has a part of more than 255 bytes" };
  return { ok: true, value: parts.join("/") };
}

/** Half of what a whole path may have: there is something in front of it. */
const longest = 2048;
/** Also keeps a path from being copied as often as it has parts. */
const mostLevels = 100;

function problemOf(text: string): string | undefined {
  if (text === "") return "is empty";
  if (text.startsWith("/")) return "is absolute";
  if (text.split("/").includes("..")) return "climbs out with ..";
  if (/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/.test(text)) return "contains a control character";
  return undefined;
}
