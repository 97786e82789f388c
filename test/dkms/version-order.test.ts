import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { compareReleases, compareVersions } from "../../src/dkms/version-order.ts";

const versions = suite("compareVersions");

/** What dell/dkms 3.2.2 said of BUILD_EXCLUSIVE_KERNEL_MIN=… and _MAX=… for the kernel 6.1.0-56-amd64. */
const observed: readonly (readonly [string, "older" | "same" | "newer"])[] = [
  ["6.1.0-56-amd64", "same"],
  ["6.1.0-056-amd64", "same"],
  ["06.1.0-56-amd64", "same"],
  ["6.1.0-0056-amd64", "older"],
  ["6.1.0-56", "older"],
  ["6.1.0-56-amd", "older"],
  ["6.1.0-56-AMD64", "older"],
  ["6.1.0-6", "older"],
  ["6.1", "older"],
  ["6-1", "older"],
  ["006", "older"],
  ["6.1.0+56", "older"],
  ["6.1.0-57", "newer"],
  ["6.1.0-100", "newer"],
  ["6.1.0-1000", "newer"],
  ["6.10", "newer"],
  ["6.1.0-56-bmd64", "newer"],
  ["6.1.0-56_amd64", "newer"],
  ["6.1.0.56", "newer"],
  ["6.1.0~56", "newer"],
];

for (const [version, place] of observed) {
  versions(`${version} is ${place} to 6.1.0-56-amd64, as dell/dkms says`, () => {
    const expected = { older: -1, same: 0, newer: 1 }[place];
    assert.is(Math.sign(compareVersions(version, "6.1.0-56-amd64")), expected);
    assert.is(Math.sign(compareVersions("6.1.0-56-amd64", version)) + expected, 0);
  });
}

versions("pads to three digits and no further", () => {
  assert.ok(compareVersions("1.99", "1.100") < 0);
  assert.ok(compareVersions("1.1000", "1.999") < 0);
});

const releases = suite("compareReleases");

releases("orders real releases as numbers, whatever their length", () => {
  const sorted = [
    "5.4",
    "6.1.0-9-amd64",
    "6.1.0-56-amd64",
    "6.8.0-100",
    "6.8.0-1015-aws",
    "6.8.0-1015-azure",
    "6.10.0",
  ];
  assert.equal([...sorted].reverse().sort(compareReleases), sorted);
});

releases("tells apart releases of the same numbers", () => {
  assert.is.not(compareReleases("6.01", "6.1"), 0);
  assert.is(compareReleases("6.1", "6.1"), 0);
});

releases("is a total order", () => {
  fc.assert(
    fc.property(release, release, release, (a, b, c) => {
      assert.is(Math.sign(compareReleases(a, b)) + Math.sign(compareReleases(b, a)), 0);
      assert.is(compareReleases(a, b) === 0, a === b);
      if (compareReleases(a, b) <= 0 && compareReleases(b, c) <= 0) assert.ok(compareReleases(a, c) <= 0);
    }),
    { numRuns: 2000 },
  );
});

releases("agrees with sort -V", () => {
  const lines = [...new Set(fc.sample(release, 3000))].filter((line) => line !== "");
  const input = `${lines.join("\n")}\n`;
  const sorted = execFileSync("sort", ["-V"], { input, encoding: "utf8", env: { ...process.env, LC_ALL: "C" } });
  assert.equal([...lines].sort(compareReleases), sorted.trimEnd().split("\n"));
});

/** Without a suffix that `sort -V` takes for that of a file name (`.deb12`), which it puts aside at first. */
const release = fc
  .tuple(
    fc.array(fc.oneof(fc.integer({ min: 0, max: 1200 }).map(String), fc.constantFrom("00", "01", "007")), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.array(fc.constantFrom("-", "+", "_", "~", "-1", "-56", "-1015", "-rc1", "-amd64", "+deb12", "-rt", "generic"), {
      maxLength: 3,
    }),
  )
  .map(([numbers, rest]) => numbers.join(".") + rest.join(""));

versions.run();
releases.run();
