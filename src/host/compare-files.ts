import fs from "node:fs";

/**
 * A function that tells whether two files hold the same bytes, and reads neither where the sizes tell. It throws if one
 * of them cannot be read. Its memory is used again and again: to touch new memory for each file takes as long as reading.
 */
export function createComparer(): (one: string, other: string) => boolean {
  let pair: Pair = [Buffer.alloc(0), Buffer.alloc(0)];
  const reserve = (size: number): Pair => {
    const length = Math.min(Math.max(size, leastPiece), mostPiece);
    if (pair[0].length < length) pair = [Buffer.allocUnsafeSlow(length), Buffer.allocUnsafeSlow(length)];
    return pair;
  };
  return (one, other) => withOpen(one, (left) => withOpen(other, (right) => sameBytes([left, right], reserve)));
}

type Pair = readonly [Buffer, Buffer];

const leastPiece = 1 << 16;
const mostPiece = 1 << 18;

function withOpen<T>(file: string, work: (descriptor: number) => T): T {
  const descriptor = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  try {
    return work(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

function sameBytes([left, right]: readonly [number, number], reserve: (size: number) => Pair): boolean {
  const { size, ino, dev } = fs.fstatSync(left);
  const other = fs.fstatSync(right);
  if (size !== other.size) return false;
  if (ino === other.ino && dev === other.dev) return true;
  const [a, b] = reserve(size);
  for (let rest = size; rest > 0; ) {
    const length = Math.min(rest, a.length);
    const read = fill(left, a, length);
    if (read !== fill(right, b, length)) return false;
    if (a.compare(b, 0, read, 0, read) !== 0) return false;
    if (read < length) return true;
    rest -= read;
  }
  return true;
}

/** Reads so many bytes, or all that there are if the file has become shorter meanwhile. */
function fill(descriptor: number, buffer: Buffer, length: number): number {
  let at = 0;
  while (at < length) {
    const read = fs.readSync(descriptor, buffer, at, length - at, null);
    if (read === 0) break;
    at += read;
  }
  return at;
}
