import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseCount, parseSize } from "../../src/desired-state/size.ts";

const size = suite("parseSize");

size("reads bytes with and without a unit", () => {
  const found = ["1", "1000", "64K", "500M", "4G"].map((text) => parseSize(text));
  const values = [1, 1000, 64 * 2 ** 10, 500 * 2 ** 20, 4 * 2 ** 30];
  assert.equal(
    found,
    values.map((value) => ({ ok: true, value })),
  );
});

size("refuses everything else, and says how it is written", () => {
  for (const text of ["", "0", "0G", "-1", "1.5G", "4 G", "4g", "4GB", "2000G", "9".repeat(15)]) {
    const result = parseSize(text);
    assert.not(result.ok, text);
    if (!result.ok) assert.ok((result.error.hint ?? "").length > 10);
  }
});

size.run();

const count = suite("parseCount");

count("reads a whole number up to the most there can be", () => {
  assert.equal(parseCount("5", 5), { ok: true, value: 5 });
  for (const text of ["", "0", "6", "1e1", "05"]) assert.not(parseCount(text, 5).ok, text);
});

count.run();
