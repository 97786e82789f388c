import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { compressObject } from "../../src/dkms/compress-object.ts";
import { objectSuffixes } from "../../src/dkms/kernel.ts";
import type { ModuleInfo } from "../../src/dkms/module-info.ts";
import { readObject } from "../../src/dkms/read-object.ts";
import { createHost } from "../../src/host/create-host.ts";
import { imageObjects, plainObject } from "../rig/image-objects.ts";
import { kernelObject } from "../rig/kernel-object.ts";
import { fromModinfo, modinfoOf, toComparable } from "../rig/modinfo.ts";
import { testNeeding } from "../rig/test-needing.ts";

const read = suite<{ directory: string }>("readObject");
const host = createHost();
const object = kernelObject([["name", "demo"]]);

read.before.each((context) => {
  context.directory = mkdtempSync(join(tmpdir(), "read-object-"));
});
read.after.each(({ directory }) => rmSync(directory, { recursive: true }));

async function infoOf(path: string): Promise<ModuleInfo> {
  const result = await readObject(host, path);
  if (!result.ok) throw new Error(result.error.message);
  return result.value.info;
}

async function failureOf(path: string): Promise<string> {
  const result = await readObject(host, path);
  return result.ok ? "" : `${result.error.code} ${result.error.message}`;
}

read("gives the content and how it was packed, whatever the name says", async ({ directory }) => {
  const path = join(directory, "demo.ko");
  writeFileSync(path, object);
  execFileSync("gzip", [path]);
  copyFileSync(`${path}.gz`, join(directory, "misnamed.ko"));
  const result = await readObject(host, join(directory, "misnamed.ko"));
  assert.ok(result.ok);
  assert.is(result.value.compression, "gz");
  assert.ok(object.equals(result.value.content));
  assert.is(result.value.info.name, "demo");
});

read("names the file in every failure", async ({ directory }) => {
  const path = join(directory, "demo.ko");
  assert.is(await failureOf(path), `E_NO_OBJECT There is no kernel object ${path}.`);
  assert.is(await failureOf(directory), `E_BAD_OBJECT ${directory} is not a file.`);
  writeFileSync(path, "");
  assert.is(await failureOf(path), `E_BAD_OBJECT ${path} is empty.`);
  writeFileSync(path, Buffer.from("1f8b0800", "hex"));
  assert.is(await failureOf(path), `E_BAD_OBJECT ${path} does not unpack as gz: unexpected end of file.`);
  truncateSync(path, 3 * 2 ** 30);
  assert.is(await failureOf(path), `E_BAD_OBJECT ${path} is larger than 536870912 bytes.`);
});

read("does not wait for a FIFO", async ({ directory }) => {
  const path = join(directory, "pipe.ko");
  execFileSync("mkfifo", [path]);
  assert.is(await failureOf(path), `E_BAD_OBJECT ${path} is not a file.`);
});

testNeeding(
  read,
  ["linux-image", "kmod", "xz", "zstd"],
  "agrees with modinfo about a real kernel's objects, however they are compressed",
  async (part, { directory }) => {
    const paths = imageObjects(part("linux-image").modules, 20);
    const expected = modinfoOf(paths).map(fromModinfo);
    for (const kind of ["none", "gz", "xz", "zst"] as const) {
      for (const [index, path] of paths.entries()) {
        const copy = join(directory, "copy.ko");
        writeFileSync(copy, await plainObject(path));
        const packed = await compressObject(host, copy, kind);
        assert.ok(packed.ok);
        assert.ok(objectSuffixes.some((suffix) => packed.value.endsWith(suffix)));
        assert.equal(toComparable(await infoOf(packed.value)), expected[index], packed.value);
        rmSync(packed.value);
      }
    }
  },
);

read.run();
