import { PassThrough } from "node:stream";
import type { Run } from "../run.ts";

/**
 * Programs that unpack a stream: a second way beside our own decoders, since it takes less time and memory (measured, see
 * CONTRIBUTING) and goes on while we write. Hosts that lack them unpack the same, only later. For gz Node has zlib itself.
 */
export const unpackPrograms = {
  bz2: { file: "bzip2", args: ["-dc"] },
  // Both limits are those of the decoders here: no archive makes a program take all memory.
  xz: { file: "xz", args: ["-dc", "--format=xz", "--threads=1", "--memlimit-decompress=128MiB"] },
  zst: { file: "zstd", args: ["-qdc", "--memory=128MB"] },
} as const;

/**
 * Unpacks a stream by a program, as fast as the pieces are taken. Throws what `packed` throws, or an Error that says in the
 * program's words what is wrong with the data; also of what it only warns of: that something else follows the data.
 */
export async function* unpackByProgram(
  packed: AsyncIterable<Buffer>,
  { file, args }: (typeof unpackPrograms)[keyof typeof unpackPrograms],
  run: Run,
): AsyncGenerator<Buffer, undefined> {
  const output = new PassThrough({ highWaterMark: 1 << 18 });
  const ended = run({ file, args, feed: packed, output, timeoutMs: unpackTimeoutMs }).then(
    ({ ending, exitCode, stderr }) => {
      const said = reasonIn(stderr) || `${file} ended otherwise than it should: ${ending}, ${exitCode}`;
      if (ending === "exited" && exitCode === 0 && stderr === "") output.end();
      else output.destroy(new Error(said));
    },
    (error) => output.destroy(error),
  );
  try {
    yield* output;
  } finally {
    output.destroy();
    await ended;
  }
}

/** The first line, without the program's name and what it calls its input. */
function reasonIn(stderr: string): string {
  const [first = ""] = stderr.trim().split("\n");
  return first
    .replace(/^(bzip2|xz|zstd): /, "")
    .replace(/^(\(stdin\)|\/\*stdin\*\\) *: */, "")
    .replace(/[;.]$/, "");
}

/** A program is only as fast as its output is taken. */
const unpackTimeoutMs = 6 * 60 * 60_000;
