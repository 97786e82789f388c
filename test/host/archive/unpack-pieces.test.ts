import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type UnpackingHost, unpackPieces } from "../../../src/host/archive/unpack-pieces.ts";
import { createHost } from "../../../src/host/create-host.ts";
import { testNeeding } from "../../rig/test-needing.ts";

const bz2 = suite("unpackPieces of bz2");

async function unpack(bytes: Uint8Array, pieceSize = 1 << 16): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of unpackPieces(inPieces(Buffer.from(bytes), pieceSize), "bz2")) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function errorOf(bytes: Uint8Array): Promise<string> {
  try {
    await unpack(bytes);
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function pack(content: Uint8Array, level = "-9"): Buffer {
  return execFileSync("bzip2", ["-c", level], { input: content, maxBuffer: 1 << 28 });
}

const noise = Buffer.concat(Array.from({ length: 8000 }, (_, at) => createHash("sha256").update(String(at)).digest()));
const sample = Buffer.concat([Buffer.alloc(900_000, "words again, "), noise, Buffer.alloc(2_000_000), noise]);

testNeeding(
  bz2,
  ["bzip2"],
  "unpacks what bzip2 makes of several blocks, at every size of block and piece",
  async () => {
    for (const level of ["-1", "-9"]) assert.ok(sample.equals(await unpack(pack(sample, level))), level);
    assert.ok(noise.equals(await unpack(pack(noise), 7)));
  },
);

testNeeding(bz2, ["bzip2"], "unpacks nothing, and several streams one after the other", async () => {
  assert.is((await unpack(pack(Buffer.alloc(0)))).length, 0);
  const both = Buffer.concat([pack(noise), pack(Buffer.alloc(0)), pack(Buffer.from("more"))]);
  assert.ok(Buffer.concat([noise, Buffer.from("more")]).equals(await unpack(both)));
});

testNeeding(bz2, ["bzip2"], "unpacks any runs of bytes", async () => {
  const runs = fc.array(fc.tuple(fc.nat(3), fc.nat(600)), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(runs, async (pairs) => {
      const content = Buffer.concat(pairs.map(([byte, count]) => Buffer.alloc(count, byte)));
      assert.ok(content.equals(await unpack(pack(content))));
    }),
    { numRuns: 30 },
  );
});

testNeeding(bz2, ["bzip2"], "finds every wrong byte, and a missing end", async () => {
  const packed = pack(noise.subarray(0, 3000));
  for (let at = 0; at < packed.length; at += 37) {
    const wrong = Buffer.from(packed);
    wrong[at] = (wrong[at] ?? 0) ^ 0x10;
    assert.ok((await errorOf(wrong)) !== "", `byte ${at}`);
  }
  assert.is(await errorOf(packed.subarray(0, -4)), "it ends too early");
  assert.match(await errorOf(Buffer.concat([packed, Buffer.from("garbage")])), "something else follows");
});

bz2.run();

const ways = suite("unpackPieces by a program and here");
const machine = createHost();
const packers = { bz2: ["bzip2", "-c"], xz: ["xz", "-c"], zst: ["zstd", "-qc"] } as const;

interface Way {
  readonly packing: keyof typeof packers;
  readonly host: UnpackingHost | undefined;
}

async function unpackBoth(packed: Buffer, packing: Way["packing"]): Promise<readonly (Buffer | undefined)[]> {
  return await Promise.all([
    unpackOr({ packing, host: machine }, packed),
    unpackOr({ packing, host: undefined }, packed),
  ]);
}

/** `undefined`: refused. */
async function unpackOr({ packing, host }: Way, packed: Buffer): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of unpackPieces(inPieces(packed, 1 << 16), packing, host)) pieces.push(piece);
  } catch (error) {
    assert.ok(error instanceof Error && error.message !== "");
    return undefined;
  }
  return Buffer.concat(pieces);
}

for (const packing of ["bz2", "xz", "zst"] as const) {
  const [file, ...args] = packers[packing];
  const packBy = (input: Uint8Array) => execFileSync(file, args, { input, maxBuffer: 1 << 28 });

  testNeeding(ways, [file], `give the same content of ${packing}, also of several streams in one`, async () => {
    for (const packed of [packBy(sample), Buffer.concat([packBy(noise), packBy(Buffer.from("more"))])]) {
      const [theirs, ours] = await unpackBoth(packed, packing);
      assert.ok(theirs && theirs.length > 0 && ours?.equals(theirs));
    }
  });

  testNeeding(ways, [file], `refuse the same as ${packing}`, async () => {
    const packed = packBy(noise);
    const wrong = Buffer.from(packed);
    wrong[packed.length >> 1] = (wrong[packed.length >> 1] ?? 0) ^ 0xff;
    const garbage = Buffer.concat([packed, Buffer.alloc(64, "garbage")]);
    for (const bytes of [wrong, packed.subarray(0, -3), garbage, packed.subarray(0, 10)])
      assert.equal(await unpackBoth(bytes, packing), [undefined, undefined]);
  });

  testNeeding(
    ways,
    [file],
    `end the program for ${packing} when nobody reads on, and with what the input throws`,
    async () => {
      const content = Buffer.alloc(2 << 20, noise);
      const packed = packBy(content);
      for await (const piece of unpackPieces(inPieces(packed, 1000), packing, machine)) {
        assert.ok(piece.equals(content.subarray(0, piece.length)));
        break;
      }
      async function* breaking() {
        yield packed.subarray(0, 1000);
        throw new Error("the disk is gone");
      }
      const reading = async () => {
        for await (const _ of unpackPieces(breaking(), packing, machine));
      };
      await reading().then(
        () => assert.unreachable(),
        (error) => assert.is(error.message, "the disk is gone"),
      );
    },
  );
}

testNeeding(ways, ["bzip2", "xz", "zstd"], "say in one line what the program found wrong", async () => {
  const reasons = {
    bz2: "Compressed file ends unexpectedly",
    xz: "Unexpected end of input",
    zst: /^Read error.*premature end$/,
  };
  for (const packing of ["bz2", "xz", "zst"] as const) {
    const [file, ...args] = packers[packing];
    const cut = execFileSync(file, args, { input: noise }).subarray(0, -20);
    const reading = async () => {
      for await (const _ of unpackPieces(inPieces(cut, 1 << 16), packing, machine));
    };
    await reading().then(
      () => assert.unreachable(),
      (error) => assert.match(error.message, reasons[packing]),
    );
  }
});

ways.run();
