import fs, { type FileHandle } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { Run } from "../run.ts";
import type { ArchiveMember } from "./archive-member.ts";
import { tarPieces } from "./tar-pieces.ts";
import type { StreamPacking } from "./unpack-pieces.ts";

export interface ArchiveOrder {
  /** Must not exist; what is there after anything but `written` is the caller's to remove. */
  readonly file: string;
  readonly members: readonly ArchiveMember[];
  readonly packing: StreamPacking;
  readonly run: Run;
  readonly signal: AbortSignal;
  /** Told again and again how many bytes of the members' content are written. */
  readonly onProgress: (bytes: number) => void;
}

/** `changed`: a file is not what it was when it was listed. `failed`: the compressor ended without success. */
export type ArchiveEnding =
  | { readonly kind: "written" }
  | { readonly kind: "stopped" }
  | { readonly kind: "changed"; readonly path: string }
  | { readonly kind: "missing"; readonly program: string }
  | { readonly kind: "failed"; readonly program: string; readonly said: string };

/**
 * Writes a tar archive, piece by piece, and forces it to the disk. The same members give the same bytes wherever and
 * whenever they are written: the order is that of `members`, times and owners are always the same, and compressors run with
 * one thread and put no time in. Throws what the file system throws.
 */
export async function writeArchive(order: ArchiveOrder): Promise<ArchiveEnding> {
  const changed: string[] = [];
  const pieces = tarPieces(order.members, { ...order, onChanged: (path) => changed.push(path) });
  const output = await fs.open(order.file, "wx", 0o644);
  try {
    const ending = await (order.packing === "none" || order.packing === "gz"
      ? packHere(order, { pieces, output })
      : packBy(order, compressors[order.packing], { pieces, output }));
    if (ending.kind === "written") await output.sync();
    return ending;
  } catch (error) {
    if (order.signal.aborted) return { kind: "stopped" };
    const [path] = changed;
    if (path !== undefined) return { kind: "changed", path };
    throw error;
  } finally {
    await output.close();
  }
}

/** One thread, since the number of threads shows in what xz writes. */
const compressors = {
  bz2: { file: "bzip2", args: ["-c"] },
  xz: { file: "xz", args: ["-c", "-T1"] },
  zst: { file: "zstd", args: ["-q", "-c", "-T1"] },
} as const;

/** A compressor is only as fast as its input comes. */
const compressTimeoutMs = 6 * 60 * 60_000;

interface Ends {
  readonly pieces: Generator<Buffer, undefined>;
  readonly output: FileHandle;
}

async function packHere({ packing, signal }: ArchiveOrder, { pieces, output }: Ends): Promise<ArchiveEnding> {
  const write = async (packed: Iterable<Buffer> | AsyncIterable<Buffer>) => {
    for await (const piece of packed) {
      signal.throwIfAborted();
      await output.writeFile(piece);
    }
  };
  if (packing === "none") await write(pieces);
  else await pipeline(pieces, createGzip({ chunkSize: 1 << 18 }), write, { signal });
  return { kind: "written" };
}

async function packBy(
  { run }: ArchiveOrder,
  { file: program, args }: (typeof compressors)[keyof typeof compressors],
  { pieces, output }: Ends,
): Promise<ArchiveEnding> {
  const command = { file: program, args, feed: pieces, outputTo: output.fd, timeoutMs: compressTimeoutMs };
  const result = await run(command);
  if (result.ending === "missing") return { kind: "missing", program };
  if (result.ending === "cancelled") return { kind: "stopped" };
  if (result.ending === "exited" && result.exitCode === 0) return { kind: "written" };
  const said = result.stderr.trim().split("\n").at(-1) || `${result.ending}, ${result.exitCode}`;
  return { kind: "failed", program, said };
}
