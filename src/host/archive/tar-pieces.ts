import fs from "node:fs";
import type { ArchiveMember } from "./archive-member.ts";
import { endOfArchive, padding, sizeOf, tarHeaderBlocks } from "./tar-header-blocks.ts";

export interface TarProgress {
  /** How many bytes of the members' content are read so far. */
  readonly onProgress: (bytes: number) => void;
  /** A file is not what it was when it was listed; the archive ends with a throw then. */
  readonly onChanged: (path: string) => void;
}

/** Large enough that a piece costs nothing, small enough that a few of them do not count. */
const pieceSize = 1 << 18;

/** The bytes of an uncompressed archive, in pieces of one size. Throws what the file system throws. */
export function* tarPieces(members: readonly ArchiveMember[], progress: TarProgress): Generator<Buffer, undefined> {
  let piece = Buffer.allocUnsafe(pieceSize);
  let filled = 0;
  let length = 0;
  let content = 0;
  for (const part of parts(members, progress)) {
    for (let taken = 0; taken < part.size; ) {
      const count = Math.min(part.size - taken, pieceSize - filled);
      part.fill(piece, { at: filled, from: taken, count });
      taken += count;
      filled += count;
      length += count;
      if (part.isContent) content += count;
      if (filled < pieceSize) continue;
      yield piece;
      progress.onProgress(content);
      piece = Buffer.allocUnsafe(pieceSize);
      filled = 0;
    }
  }
  const end = endOfArchive(length);
  yield Buffer.concat([piece.subarray(0, filled), end]);
  progress.onProgress(content);
}

interface Span {
  /** Where in the piece. */
  readonly at: number;
  /** Where in the part. */
  readonly from: number;
  readonly count: number;
}

interface Part {
  readonly size: number;
  readonly isContent: boolean;
  readonly fill: (piece: Buffer, span: Span) => void;
}

function* parts(members: readonly ArchiveMember[], progress: TarProgress): Generator<Part, undefined> {
  for (const member of members) {
    yield ofBytes(tarHeaderBlocks(member));
    if (member.kind === "text") yield { ...ofBytes(Buffer.from(member.text)), isContent: true };
    if (member.kind === "file") yield* ofFile(member, progress);
    yield ofBytes(padding(sizeOf(member)));
  }
}

function ofBytes(bytes: Buffer): Part {
  return {
    size: bytes.length,
    isContent: false,
    fill: (piece, { at, from, count }) => void bytes.copy(piece, at, from, from + count),
  };
}

/** Its header says how long it is, so that it must be neither shorter nor longer by now. */
function* ofFile(
  { from: path, size }: ArchiveMember & { readonly kind: "file" },
  { onChanged }: TarProgress,
): Generator<Part, undefined> {
  const changed = () => {
    onChanged(path);
    return new Error(`${path} changed while it was read`);
  };
  const descriptor = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
  try {
    const stat = fs.fstatSync(descriptor);
    if (!stat.isFile() || stat.size !== size) throw changed();
    yield {
      size,
      isContent: true,
      fill: (piece, { at, from, count }) => {
        for (let read = 0; read < count; ) {
          const got = fs.readSync(descriptor, piece, at + read, count - read, from + read);
          if (got === 0) throw changed();
          read += got;
        }
      },
    };
  } finally {
    fs.closeSync(descriptor);
  }
}
