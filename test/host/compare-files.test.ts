import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createComparer } from "../../src/host/compare-files.ts";

const directory = fs.mkdtempSync(path.join(os.tmpdir(), "dkms-agent-test-"));
const [one, other] = [path.join(directory, "one"), path.join(directory, "other")];
const same = createComparer();

const comparer = suite("createComparer");
comparer.after(() => fs.rmSync(directory, { recursive: true }));

comparer("agrees with Buffer.equals, whatever was compared before", () => {
  const sizes = fc.constantFrom(0, 1, 65_535, 65_536, 65_537, 262_144, 262_145, 600_000);
  fc.assert(
    fc.property(sizes, fc.option(fc.nat()), (size, change) => {
      const content = Buffer.alloc(size, "kernel object");
      const changed = Buffer.from(content);
      if (change !== null && size > 0) changed[change % size] = 0;
      fs.writeFileSync(one, content);
      fs.writeFileSync(other, changed);
      assert.is(same(one, other), content.equals(changed));
    }),
    { numRuns: 60 },
  );
});

comparer("finds the last byte that differs, and one byte more", () => {
  const content = Buffer.alloc(300_000, 1);
  fs.writeFileSync(one, content);
  content[299_999] = 2;
  fs.writeFileSync(other, content);
  assert.is(same(one, other), false);
  fs.writeFileSync(other, Buffer.alloc(300_001, 1));
  assert.is(same(one, other), false);
});

comparer("throws what the system says of either", () => {
  fs.writeFileSync(one, "");
  assert.throws(() => same(one, path.join(directory, "none")), "ENOENT");
  assert.throws(() => same(path.join(directory, "none"), one), "ENOENT");
});

comparer.run();
