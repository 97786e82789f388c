import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ModuleInfo } from "../../src/dkms/module-info.ts";
import { readModuleInfo } from "../../src/dkms/read-module-info.ts";
import { imageObjects, plainObject } from "../rig/image-objects.ts";
import { kernelObject, type ObjectShape } from "../rig/kernel-object.ts";
import { fromModinfo, modinfoOf, toComparable } from "../rig/modinfo.ts";
import { testNeeding } from "../rig/test-needing.ts";

const read = suite("readModuleInfo");

const fields: [string, string][] = [
  ["version", "1.0"],
  ["license", "GPL"],
  ["srcversion", "9DC526E11B2877D4A2149E1"],
  ["depends", "nvme-core,usbcore"],
  ["name", "demo"],
  ["vermagic", "6.1.0-56-amd64 SMP preempt mod_unload modversions "],
];
const buildId = "b1e9337c11b914dc3477496165658727c209f5d8";

function succeeds(bytes: Uint8Array): ModuleInfo {
  const result = readModuleInfo(bytes);
  if (!result.ok) throw new Error(`refused: ${result.error}`);
  return result.value;
}

function errorOf(bytes: Uint8Array): string {
  const result = readModuleInfo(bytes);
  return result.ok ? "" : result.error;
}

const shapes: ObjectShape[] = [
  { bits: 32, littleEndian: true, machine: 3 },
  { bits: 32, littleEndian: false, machine: 20 },
  { bits: 64, littleEndian: true, machine: 62 },
  { bits: 64, littleEndian: false, machine: 22 },
];

for (const shape of shapes) {
  read(`reads every field of an ELF${shape.bits} object, ${shape.littleEndian ? "little" : "big"} endian`, () => {
    assert.equal(succeeds(kernelObject(fields, { ...shape, buildId })), {
      name: "demo",
      vermagic: "6.1.0-56-amd64 SMP preempt mod_unload modversions ",
      version: "1.0",
      srcversion: "9DC526E11B2877D4A2149E1",
      depends: ["nvme-core", "usbcore"],
      license: "GPL",
      buildId,
      arch: { 3: "i686", 20: "ppc", 62: "x86_64", 22: "s390x" }[shape.machine ?? 0],
      signature: undefined,
    });
  });
}

read("takes the first of several values, as the kernel does", () => {
  assert.is(succeeds(kernelObject([["license", "GPL"], ["license", "MIT"], ...fields])).license, "GPL");
});

read("leaves undefined what the object does not say", () => {
  const info = succeeds(kernelObject([["license", "GPL"]]));
  assert.equal(info, {
    name: undefined,
    vermagic: undefined,
    version: undefined,
    srcversion: undefined,
    depends: [],
    license: "GPL",
    buildId: undefined,
    arch: "x86_64",
    signature: undefined,
  });
});

read("keeps a value that is empty or holds an equals sign", () => {
  const info = succeeds(
    kernelObject([
      ["version", ""],
      ["license", "a=b"],
    ]),
  );
  assert.is(info.version, "");
  assert.is(info.license, "a=b");
});

read("names the machine as uname does", () => {
  const archOf = (shape: ObjectShape, vermagic = "6.1.0") =>
    succeeds(kernelObject([["vermagic", vermagic]], shape)).arch;
  assert.is(archOf({ machine: 183 }), "aarch64");
  assert.is(archOf({ machine: 21 }), "ppc64le");
  assert.is(archOf({ machine: 21, littleEndian: false }), "ppc64");
  assert.is(archOf({ machine: 243 }), "riscv64");
  assert.is(archOf({ machine: 8, bits: 32, littleEndian: false }), "mips");
  assert.is(archOf({ machine: 40, bits: 32 }, "6.1.0-32-armmp SMP mod_unload modversions ARMv7 p2v8 "), "armv7l");
  assert.is(archOf({ machine: 40, bits: 32 }), undefined);
  assert.is(archOf({ machine: 4711 }), undefined);
});

read("says what is wrong with bytes that are no kernel object", () => {
  const object = kernelObject(fields, { buildId });
  const changed = (at: number, byte: number) => Buffer.from(object).fill(byte, at, at + 1);
  assert.match(errorOf(Buffer.alloc(0)), "is empty");
  assert.match(errorOf(Buffer.from("#!/bin/sh")), "is not an ELF file: it begins with the bytes 23212f62");
  assert.match(errorOf(object.subarray(0, 10)), "cut off within the ELF header");
  assert.match(errorOf(object.subarray(0, 63)), "cut off within the ELF header");
  assert.match(errorOf(object.subarray(0, -1)), /section headers end at \d+, but the file has \d+ bytes/);
  assert.match(errorOf(changed(4, 3)), "its class is 3");
  assert.match(errorOf(changed(5, 0)), "unknown byte order 0");
  assert.match(errorOf(changed(16, 2)), "ELF file of type 2");
  assert.match(errorOf(changed(40, 0).fill(0, 40, 48)), "without sections");
  assert.match(errorOf(changed(58, 40)), "section headers of 40 bytes, not 64");
  assert.match(errorOf(changed(62, 200)), "names its sections in section 200, but has only");
});

read("says that an object without .modinfo is no kernel module", () => {
  const object = kernelObject(fields);
  const renamed = Buffer.from(object.toString("latin1").replace(".modinfo", ".modinfx"), "latin1");
  assert.match(errorOf(renamed), "without a .modinfo section");
});

read("finds its sections where there are more than an ELF header can count", () => {
  const object = kernelObject(fields, { buildId });
  const table = Number(object.readBigUInt64LE(40));
  object.writeBigUInt64LE(BigInt(object.readUInt16LE(60)), table + 32);
  object.writeUInt32LE(object.readUInt16LE(62), table + 40);
  object.writeUInt16LE(0, 60);
  object.writeUInt16LE(0xffff, 62);
  assert.is(succeeds(object).name, "demo");
});

/** The object's bytes with a number, 4 bytes wide, written `at` bytes into the header of section `index`. */
function withSectionHeader(object: Buffer, { index, at, value }: Record<"index" | "at" | "value", number>): Buffer {
  const changed = Buffer.from(object);
  changed.writeUInt32LE(value, Number(changed.readBigUInt64LE(40)) + index * 64 + at);
  return changed;
}

read("notices a section that reaches beyond the end of the file", () => {
  const damaged = withSectionHeader(kernelObject(fields), { index: 1, at: 32, value: 70_000 });
  assert.match(errorOf(damaged), /its section \.modinfo ends at 70064, but the file has \d+ bytes/);
});

read("passes over a section without content", () => {
  const damaged = withSectionHeader(kernelObject(fields), { index: 1, at: 4, value: 8 });
  assert.match(errorOf(damaged), "without a .modinfo section");
});

read("takes the first of two sections with one name, as modinfo does", () => {
  const object = kernelObject(fields);
  const nameOfFirst = object.readUInt32LE(Number(object.readBigUInt64LE(40)) + 64);
  assert.is(succeeds(withSectionHeader(object, { index: 2, at: 0, value: nameOfFirst })).name, "demo");
});

read("knows no build-id where the note is damaged or another one", () => {
  const object = kernelObject(fields, { buildId });
  const noteAt = 64;
  const withNote = (at: number, value: number) => {
    const changed = Buffer.from(object);
    changed.writeUInt32LE(value, noteAt + at);
    return succeeds(changed).buildId;
  };
  assert.is(withNote(8, 3), buildId);
  assert.is(withNote(8, 1), undefined);
  assert.is(withNote(0, 5), undefined);
  assert.is(withNote(4, 0), undefined);
  assert.is(withNote(4, 21), undefined);
  assert.is(withNote(12, 0x00787878), undefined);
  assert.is(succeeds(withSectionHeader(object, { index: 1, at: 32, value: 8 })).buildId, undefined);
});

testNeeding(read, ["kmod"], "agrees with modinfo about both classes and byte orders", () => {
  const directory = mkdtempSync(join(tmpdir(), "read-module-info-"));
  try {
    const objects = shapes.map((shape) => kernelObject([...fields, ["version", "2.0"]], shape));
    const paths = objects.map((_, index) => join(directory, `${index}.ko`));
    for (const [index, object] of objects.entries()) writeFileSync(paths[index] ?? "", object);
    assert.equal(
      objects.map((object) => toComparable(succeeds(object))),
      modinfoOf(paths).map(fromModinfo),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});

testNeeding(read, ["linux-image", "kmod"], "agrees with modinfo about 400 objects of a real kernel", async (part) => {
  const paths = imageObjects(part("linux-image").modules, 400);
  assert.ok(paths.length >= 300);
  const expected = modinfoOf(paths).map(fromModinfo);
  assert.is(expected.length, paths.length);
  for (const [index, path] of paths.entries()) {
    assert.equal(toComparable(succeeds(await plainObject(path))), expected[index], path);
  }
});

testNeeding(read, ["linux-image", "gcc"], "agrees with readelf about build-ids", async (part) => {
  const directory = mkdtempSync(join(tmpdir(), "read-module-info-"));
  try {
    const objects = await Promise.all(imageObjects(part("linux-image").modules, 40).map(plainObject));
    const paths = objects.map((_, index) => join(directory, `${index}.ko`));
    for (const [index, object] of objects.entries()) writeFileSync(paths[index] ?? "", object);
    const output = execFileSync("readelf", ["--notes", "--wide", ...paths], { encoding: "utf8" });
    const expected = [...output.matchAll(/Build ID: (\w+)/g)].map(([, id]) => id);
    assert.equal(
      objects.map((object) => succeeds(object).buildId),
      expected,
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});

const bases = [kernelObject(fields, { buildId }), kernelObject(fields, { bits: 32, littleEndian: false, machine: 20 })];

read("never throws and always explains, whatever the bytes", () => {
  fc.assert(
    fc.property(fc.constantFrom(...bases), damages(), (object, damage) => {
      isInfoOrText(damage(object));
    }),
    { numRuns: 3000 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), isInfoOrText));
});

testNeeding(read, ["linux-image"], "never throws on damaged objects of a real kernel", async (part) => {
  const paths = imageObjects(part("linux-image").modules, 20);
  const objects = (await Promise.all(paths.map(plainObject))).map((bytes) => Buffer.from(bytes));
  const small = objects.filter(({ length }) => length < 100_000);
  assert.ok(small.length > 3);
  fc.assert(
    fc.property(fc.constantFrom(...small), damages(), (object, damage) => {
      isInfoOrText(damage(object));
    }),
    { numRuns: 1000 },
  );
});

function isInfoOrText(bytes: Uint8Array): void {
  const result = readModuleInfo(bytes);
  if (result.ok) assert.ok(Array.isArray(result.value.depends));
  else assert.match(result.error, /^(is|has|names) [^\n]+$/);
}

/** Cuts a file short, or overwrites a few places: near its begin (the header) or its end (section headers, signature). */
function damages(): fc.Arbitrary<(object: Buffer) => Buffer> {
  const interesting = fc.constantFrom(0, 1, 0x7f, 0x80, 0xff);
  const patch = fc.record({
    fromEnd: fc.boolean(),
    at: fc.oneof(fc.nat(70), fc.nat(4000)),
    bytes: fc.array(fc.oneof(interesting, fc.nat(255)), { minLength: 1, maxLength: 8 }),
  });
  const overwrite = fc.array(patch, { minLength: 1, maxLength: 4 }).map((patches) => (object: Buffer) => {
    const damaged = Buffer.from(object);
    for (const { fromEnd, at, bytes } of patches) {
      const start = fromEnd ? damaged.length - 1 - at : at;
      damaged.set(bytes.slice(0, Math.max(0, damaged.length - start)), Math.min(Math.max(start, 0), damaged.length));
    }
    return damaged;
  });
  const cut = fc.nat(10_000).map((part) => (object: Buffer) => {
    return object.subarray(0, Math.floor((object.length * part) / 10_000));
  });
  return fc.oneof({ arbitrary: overwrite, weight: 4 }, cut);
}

read.run();
