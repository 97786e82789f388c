import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { decompress, detectPacking, type Packing } from "../../src/host/decompress.ts";
import { testNeeding } from "../rig/test-needing.ts";

const detect = suite("detectPacking");

detect("goes by the first bytes", () => {
  assert.is(detectPacking(gzipSync("x")), "gz");
  assert.is(detectPacking(Buffer.from("fd377a585a0000", "hex")), "xz");
  assert.is(detectPacking(Buffer.from("28b52ffd00", "hex")), "zst");
  assert.is(detectPacking(Buffer.from("7f454c46", "hex")), "none");
  assert.is(detectPacking(Buffer.from("fd377a", "hex")), "none");
  assert.is(detectPacking(Buffer.alloc(0)), "none");
});

const unpack = suite("decompress");

/** Neither constant nor random, so that all kinds of blocks occur; deterministic. */
const sample = Buffer.concat([
  Buffer.alloc(300_000, "the same words again and again, "),
  ...Array.from({ length: 4000 }, (_, index) => createHash("sha256").update(String(index)).digest()),
  Buffer.alloc(200_000),
]);

function pipe(command: readonly string[], input: Uint8Array): Buffer {
  const [file = "", ...args] = command;
  return execFileSync(file, args, { input, maxBuffer: 1 << 30, stdio: ["pipe", "pipe", "ignore"] });
}

async function contentOf(bytes: Uint8Array, kind: Packing = detectPacking(bytes)): Promise<Uint8Array> {
  const result = await decompress(bytes, kind);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

async function errorOf(bytes: Uint8Array, kind: Packing, limit?: number): Promise<string> {
  const result = await decompress(bytes, kind, limit);
  return result.ok ? "" : result.error;
}

function isSample(bytes: Uint8Array): void {
  assert.ok(sample.equals(bytes), `${bytes.length} bytes that differ from the sample's ${sample.length}`);
}

unpack("hands back what is not packed", async () => {
  assert.is(await contentOf(sample), sample);
});

unpack("unpacks gzip, also several members in one file", async () => {
  isSample(await contentOf(gzipSync(sample)));
  const members = [gzipSync(sample.subarray(0, 70_000)), gzipSync(sample.subarray(70_000))];
  isSample(await contentOf(Buffer.concat(members)));
});

const xzOptions = [
  ["--check=crc32", "--lzma2=dict=1MiB"],
  [],
  ["-9e"],
  ["--check=none"],
  ["--check=crc32", "--block-size=50KiB"],
];

testNeeding(unpack, ["xz"], "unpacks what xz makes, whatever its options for kernel objects", async (part) => {
  for (const options of xzOptions) isSample(await contentOf(pipe([part("xz").path, "-c", ...options], sample)));
  const halves = [sample.subarray(0, 70_000), sample.subarray(70_000)].map((half) => pipe(["xz", "-c"], half));
  isSample(await contentOf(Buffer.concat(halves)));
});

const zstdOptions = [[], ["-1"], ["-19"], ["--long=27"], ["--no-check"], ["-T0"], ["--fast=5"]];

testNeeding(unpack, ["zstd"], "unpacks what zstd makes, whatever its options for kernel objects", async (part) => {
  for (const options of zstdOptions) {
    isSample(await contentOf(pipe([part("zstd").path, "-q", "-c", ...options], sample)));
    const sized = [part("zstd").path, "-q", "-c", `--stream-size=${sample.length}`, ...options];
    isSample(await contentOf(pipe(sized, sample)));
  }
  const halves = [sample.subarray(0, 70_000), sample.subarray(70_000)].map((half) => pipe(["zstd", "-qc"], half));
  const skippable = Buffer.from("502a4d1803000000616263", "hex");
  isSample(await contentOf(Buffer.concat([...halves.flatMap((half) => [half, skippable])])));
});

testNeeding(unpack, ["xz", "zstd"], "gives back nothing from the pack of nothing", async () => {
  for (const packed of [gzipSync(""), pipe(["xz", "-c"], Buffer.alloc(0)), pipe(["zstd", "-qc"], Buffer.alloc(0))]) {
    assert.is((await contentOf(packed)).length, 0);
  }
});

testNeeding(unpack, ["xz", "zstd"], "says what is wrong with packed data", async () => {
  const xz = pipe(["xz", "-c"], sample);
  const zst = pipe(["zstd", "-qc"], sample);
  assert.is(await errorOf(sample, "gz"), "does not unpack as gz: incorrect header check");
  assert.is(await errorOf(gzipSync(sample).subarray(0, -9), "gz"), "does not unpack as gz: unexpected end of file");
  assert.is(await errorOf(xz.subarray(0, -9), "xz"), "does not unpack as xz: it is damaged or ends too early");
  assert.is(await errorOf(Buffer.alloc(0), "xz"), "does not unpack as xz: it is empty");
  assert.is(await errorOf(zst.subarray(0, -9), "zst"), "does not unpack as zst: it ends too early");
  assert.is(await errorOf(Buffer.alloc(0), "zst"), "does not unpack as zst: it is empty");
  const behind = Buffer.concat([zst, Buffer.from("more")]);
  assert.is(await errorOf(behind, "zst"), "does not unpack as zst: something else follows its last frame");
  const cutSkippable = Buffer.from("502a4d181000000061", "hex");
  assert.is(await errorOf(cutSkippable, "zst"), "does not unpack as zst: it ends too early");
  const dictionary = Buffer.from("28b52ffd210700010000", "hex");
  assert.is(await errorOf(dictionary, "zst"), "does not unpack as zst: it needs a dictionary");
  const filtered = pipe(["xz", "-c", "--x86", "--lzma2"], sample);
  assert.match(await errorOf(filtered, "xz"), "it uses a filter or checksum that is not supported");
});

testNeeding(unpack, ["xz", "zstd"], "refuses a bomb without unpacking it", async () => {
  const zeros = Buffer.alloc(64 << 20);
  const bombs: readonly [Packing, Buffer][] = [
    ["gz", gzipSync(zeros)],
    ["xz", pipe(["xz", "-1", "-c"], zeros)],
    ["zst", pipe(["zstd", "-qc"], zeros)],
  ];
  for (const [kind, bomb] of bombs) {
    const before = process.memoryUsage().rss;
    assert.match(await errorOf(bomb, kind, 1 << 20), /larger than 1048576 bytes/);
    assert.ok(process.memoryUsage().rss - before < 48 << 20, kind);
  }
});

unpack("refuses a zst frame that claims a gigantic window or content", async () => {
  const window = Buffer.from("28b52ffd00a8010000", "hex");
  const content = Buffer.from("28b52ffde00000000001000000010000", "hex");
  assert.match(await errorOf(window, "zst"), "needs a window of 2147483648 bytes");
  assert.match(await errorOf(content, "zst"), "needs a window of 4294967296 bytes");
});

testNeeding(unpack, ["xz", "zstd"], "never takes damaged data for good", async () => {
  const small = sample.subarray(299_000, 304_000);
  const packs = new Map<Packing, Buffer>([
    ["gz", gzipSync(small)],
    ["xz", pipe(["xz", "-c", "--check=crc32", "--lzma2=dict=1MiB"], small)],
    ["zst", pipe(["zstd", "-qc"], small)],
  ]);
  const damage = fc.record({
    kind: fc.constantFrom(...packs.keys()),
    patches: fc.array(fc.tuple(fc.nat(9999), fc.integer({ min: 1, max: 255 })), {
      maxLength: 3,
    }),
    keep: fc.oneof({ arbitrary: fc.constant(10_000), weight: 3 }, fc.nat(10_000)),
  });
  const property = fc.asyncProperty(damage, async ({ kind, patches, keep }) => {
    const packed = packs.get(kind) ?? Buffer.alloc(0);
    const damaged = Buffer.from(packed.subarray(0, Math.ceil((packed.length * keep) / 10_000)));
    for (const [place, flip] of patches) {
      const at = Math.floor((damaged.length * place) / 10_000);
      if (at < damaged.length) damaged[at] = (damaged[at] ?? 0) ^ flip;
    }
    const result = await decompress(damaged, kind, 1 << 20);
    if (result.ok) assert.ok(small.equals(result.value), kind);
    else assert.match(result.error, /^does not unpack as \w+: [^\n]+$/);
  });
  await fc.assert(property, { numRuns: 1500 });
});

detect.run();
unpack.run();
