import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type BuildRecord, formatBuildRecord, parseBuildRecord } from "../../src/dkms/build-record.ts";

const record: BuildRecord = {
  format: 1,
  module: { name: "hello", version: "1.0" },
  kernel: { release: "6.1.0-1", arch: "x86_64" },
  inputs: { source: "a", conf: "b", headers: "c", compiler: "d", dependencies: { base: "e" } },
  builtAt: "2026-01-01T00:00:00.000Z",
  durationMs: 1500,
  objects: [{ file: "hello.ko", sha256: "f", size: 3 }],
};

const parse = suite("parseBuildRecord");

parse("reads back what was written", () => {
  const superseded = [{ file: "old.ko", sha256: "0" }];
  const objects = record.objects.map((object) => ({ ...object, destination: "/updates/" }));
  const rules = { autoinstall: true, noWeakModules: true };
  for (const one of [record, { ...record, superseded }, { ...record, objects }, { ...record, ...rules }])
    assert.equal(parseBuildRecord(formatBuildRecord(one)), one);
});

parse("takes nothing else for a record", () => {
  const others: unknown[] = [
    null,
    [],
    {},
    { ...record, format: 2 },
    { ...record, module: { name: "hello" } },
    { ...record, kernel: undefined },
    { ...record, inputs: { ...record.inputs, compiler: 1 } },
    { ...record, inputs: { ...record.inputs, dependencies: { base: 1 } } },
    { ...record, builtAt: 0 },
    { ...record, durationMs: "1500" },
    { ...record, objects: [{ file: "hello.ko", sha256: "f" }] },
    { ...record, objects: {} },
    { ...record, objects: [{ file: "hello.ko", sha256: "f", size: 3, destination: 1 }] },
    { ...record, superseded: [{ file: "old.ko" }] },
    { ...record, superseded: null },
    { ...record, superseded: [{ file: "old.ko", sha256: "0", directory: 1 }] },
    { ...record, autoinstall: "yes" },
    { ...record, noWeakModules: null },
  ];
  for (const other of others) assert.is(parseBuildRecord(JSON.stringify(other)), undefined, JSON.stringify(other));
  for (const text of ["", "{", formatBuildRecord(record).slice(0, -20)]) assert.is(parseBuildRecord(text), undefined);
});

parse.run();
