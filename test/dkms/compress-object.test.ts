import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { compressObject } from "../../src/dkms/compress-object.ts";
import { createHost } from "../../src/host/create-host.ts";
import type { CommandResult } from "../../src/host/run.ts";
import { kernelObject } from "../rig/kernel-object.ts";
import { testNeeding } from "../rig/test-needing.ts";

const compress = suite<{ directory: string; path: string }>("compressObject");
const host = createHost();

compress.before.each((context) => {
  context.directory = mkdtempSync(join(tmpdir(), "compress-object-"));
  context.path = join(context.directory, "demo.ko");
  writeFileSync(context.path, kernelObject([["description", "demo ".repeat(50_000)]]));
  utimesSync(context.path, 1_700_000_000, 1_700_000_000);
});
compress.after.each(({ directory }) => rmSync(directory, { recursive: true }));

compress("leaves the object as it is for a kernel with plain objects", async ({ path }) => {
  const before = readFileSync(path);
  assert.equal(await compressObject(host, path, "none"), { ok: true, value: path });
  assert.equal(readFileSync(path), before);
});

/** What dell/dkms starts when framework.conf says nothing about compression. */
const originals = { gz: "gzip -f", xz: "xz --check=crc32 --lzma2=dict=1MiB -f", zst: "zstd -q --rm -T0 -f" } as const;

for (const kind of ["gz", "xz", "zst"] as const) {
  const title = `makes the same .ko.${kind} as dell/dkms and removes the plain object`;
  testNeeding(compress, ["xz", "zstd"], title, async (_, { directory, path }) => {
    const other = join(directory, "other", "demo.ko");
    execFileSync("install", ["-D", "--preserve-timestamps", path, other]);
    execFileSync("sh", ["-c", `${originals[kind]} "$1"`, "sh", other]);
    assert.equal(await compressObject(host, path, kind), { ok: true, value: `${path}.${kind}` });
    assert.ok(readFileSync(`${path}.${kind}`).equals(readFileSync(`${other}.${kind}`)));
    assert.not(existsSync(path));
  });
}

compress("replaces a compressed object that is there already", async ({ path }) => {
  writeFileSync(`${path}.gz`, "old");
  assert.ok((await compressObject(host, path, "gz")).ok);
  assert.is.not(readFileSync(`${path}.gz`, "latin1"), "old");
});

compress("takes other options of the compressor", async ({ path }) => {
  const command = { file: "", args: [""] };
  const run = async ({ file, args }: { file: string; args: readonly string[] }): Promise<CommandResult> => {
    Object.assign(command, { file, args });
    return { ending: "exited", exitCode: 0, stdout: "", stderr: "", durationMs: 1 };
  };
  await compressObject({ ...host, run }, path, "xz", { xz: ["-9"], gz: ["-1"] });
  assert.equal(command, { file: "xz", args: ["-9", "-f", path] });
});

compress("names the package of a program that is missing, and keeps the object", async ({ directory, path }) => {
  const result = await compressObject(createHost({ searchPath: directory }), path, "xz");
  assert.ok(!result.ok);
  assert.is(result.error.code, "E_NO_TOOL");
  assert.match(result.error.remedy ?? "", "xz-utils");
  assert.ok(existsSync(path));
});

compress("says what the compressor said, and keeps the object", async ({ directory, path }) => {
  const script = (lines: string) => {
    writeFileSync(join(directory, "zstd"), `#!/bin/sh\n${lines}\n`);
    chmodSync(join(directory, "zstd"), 0o755);
  };
  const fakes = createHost({ searchPath: directory });
  script('echo "zstd: error 70 : Write error : No space left on device" >&2; exit 70');
  const full = await compressObject(fakes, path, "zst");
  assert.ok(!full.ok && full.error.code === "E_NO_SPACE");
  script("exit 3");
  const silent = await compressObject(fakes, path, "zst");
  assert.ok(!silent.ok && silent.error.code === "E_IO");
  assert.match(silent.error.message, "it ended with 3");
  assert.is(silent.error.path, path);
  assert.ok(existsSync(path));
});

compress("says that the object is not there", async ({ directory }) => {
  const result = await compressObject(host, join(directory, "absent.ko"), "gz");
  assert.ok(!result.ok);
  assert.is(result.error.code, "E_NO_OBJECT");
});

compress.run();
