/** Takes a stream of pieces apart as it is needed. */
export interface ByteReader {
  /** Exactly so many bytes; `undefined` if the stream ends right here. */
  readonly exactly: (count: number) => Promise<Buffer | undefined>;
  /** At least one byte and at most so many, whatever comes next. */
  readonly some: (most: number) => Promise<Buffer>;
  /** Whatever comes next; `undefined` at the end. */
  readonly any: () => Promise<Buffer | undefined>;
  /** Reads over the rest. */
  readonly toEnd: () => Promise<void>;
  /** Lets go of the stream, wherever it is. */
  readonly close: () => Promise<void>;
}

/** Nothing is copied but what lies across two pieces. Where the stream ends too early, `endsTooEarly` is thrown. */
export function byteReader(pieces: AsyncIterable<Buffer>, endsTooEarly: () => Error): ByteReader {
  const source = pieces[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);
  const more = async (): Promise<boolean> => {
    while (held.length === 0) {
      const next = await source.next();
      if (next.done) return false;
      held = next.value;
    }
    return true;
  };
  const take = (count: number): Buffer => {
    const taken = held.subarray(0, count);
    held = held.subarray(count);
    return taken;
  };
  return {
    exactly: async (count) => {
      if (held.length >= count) return take(count);
      const parts: Buffer[] = [];
      for (let left = count; left > 0; ) {
        if (!(await more())) {
          if (left === count) return undefined;
          throw endsTooEarly();
        }
        const part = take(left);
        parts.push(part);
        left -= part.length;
      }
      return Buffer.concat(parts, count);
    },
    some: async (most) => {
      if (!(await more())) throw endsTooEarly();
      return take(most);
    },
    any: async () => ((await more()) ? take(held.length) : undefined),
    toEnd: async () => {
      while (await more()) held = Buffer.alloc(0);
    },
    close: async () => {
      await source.return?.();
    },
  };
}
