import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import type { Host } from "../host/host.ts";
import { attempt } from "./attempt.ts";
import type { Fault } from "./diagnostic.ts";
import { type Checked, faultAt, faultOf, type PlacedFault } from "./placed-fault.ts";
import { createSourceText, type SourceText } from "./source-text.ts";

/** In bytes. A thousand modules fit into a fifth of it. */
export const largestFile = 1 << 20;

export interface DocumentText {
  readonly source: SourceText;
  /** Of the bytes, a byte order mark included. */
  readonly sha256: string;
}

/**
 * The text of one document. Looks at what it is before it opens it: a FIFO would wait for a writer, a device might
 * never end. A byte order mark is dropped; anything but UTF-8 is an error that points at the first wrong byte. `from` is
 * where its text is if not there yet.
 */
export function readDocument(host: Pick<Host, "files">, file: string, from = file): Checked<DocumentText> {
  const stat = attempt(() => host.files.stat(from));
  if (!stat.ok) return refuse(file, stat.error);
  const unfit = stat.value === undefined ? gone : (unfitKind(stat.value.kind) ?? unfitSize(stat.value.size));
  if (unfit) return refuse(file, unfit);
  const bytes = attempt(() => host.files.readBytes(from));
  if (!bytes.ok) return refuse(file, bytes.error);
  const problem = bytes.value === undefined ? gone : unfitSize(bytes.value.byteLength);
  if (bytes.value === undefined || problem) return refuse(file, problem ?? gone);
  return decode(file, Buffer.from(bytes.value));
}

const gone: Fault = { code: "E_UNREADABLE", message: "There is no such file, or it is a link to nowhere." };

function unfitKind(kind: string): Fault | undefined {
  if (kind === "file") return undefined;
  const what = kind === "directory" ? "a directory" : "a FIFO, a socket or a device";
  const message = `It is ${what}, where a file is expected.`;
  return { code: "E_UNREADABLE", message, hint: "Put a file there, or take it away." };
}

function unfitSize(size: number): Fault | undefined {
  if (size <= largestFile) return undefined;
  const message = `The file has ${size} bytes; at most ${largestFile} (1 MiB) are read.`;
  return { code: "E_TOO_LARGE", message, hint: "Split it into several documents in a directory." };
}

function decode(file: string, bytes: Buffer): Checked<DocumentText> {
  const wrong = wrongByte(bytes);
  if (wrong !== undefined) return { value: undefined, faults: [notUtf8(file, bytes, wrong)] };
  const text = bytes.toString("utf8").replace(/^\ufeff/, "");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { value: { source: createSourceText(file, text), sha256 }, faults: [] };
}

/** The offset of the first byte that cannot stand where it stands; `undefined` if all of it is UTF-8. */
function wrongByte(bytes: Buffer): number | undefined {
  if (isUtf8(bytes)) return undefined;
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (beginsWell(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  return bad - 1;
}

/** Whether it is UTF-8 so far; the last character may be incomplete. */
function beginsWell(bytes: Buffer): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function notUtf8(file: string, bytes: Buffer, offset: number): PlacedFault {
  const sixteen = ["fffe", "feff"].includes(bytes.toString("hex", 0, 2));
  const found = sixteen ? "The file is UTF-16" : `Byte ${offset} of the file is not UTF-8`;
  const source = createSourceText(file, bytes.toString("utf8"));
  const start = bytes.subarray(0, offset).toString("utf8").length;
  const hint = "Save the file as UTF-8.";
  return faultAt(source, { start, end: start + 1 }, { code: "E_NOT_UTF8", message: `${found}.`, hint });
}

function refuse(file: string, fault: Fault): Checked<never> {
  return { value: undefined, faults: [faultOf(file, fault)] };
}
