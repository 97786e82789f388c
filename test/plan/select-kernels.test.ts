import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Selector } from "../../src/desired-state/desired-state.ts";
import { selectKernels } from "../../src/plan/select-kernels.ts";
import { withinProcessorTime } from "../rig/within-processor-time.ts";

const select = suite("selectKernels");

const here = ["6.1.0-9-amd64", "6.1.0-56-amd64", "6.1.0-56-rt-amd64", "6.12.117+deb12-amd64"];

/** The newest has headers only, the oldest has modules only. */
function choose(...selectors: Selector[]): readonly string[] {
  const candidates = here.map((release, index) => ({ release, installed: index !== 3, withHeaders: index !== 0 }));
  return selectKernels(selectors, { candidates, runningKernel: "6.1.0-56-amd64" }).releases;
}

select("running, newest, installed, with-headers", () => {
  assert.equal(choose({ kind: "running" }), ["6.1.0-56-amd64"]);
  assert.equal(choose({ kind: "newest" }), ["6.1.0-56-rt-amd64"]);
  assert.equal(choose({ kind: "installed" }), here.slice(0, 3));
  assert.equal(choose({ kind: "with-headers" }), here.slice(1));
});

select("an exact release, also one that is not here", () => {
  assert.equal(choose({ kind: "exact", release: "6.1.0-9-amd64" }), ["6.1.0-9-amd64"]);
  assert.equal(choose({ kind: "exact", release: "5.4.0-1" }), ["5.4.0-1"]);
});

select("a glob matches the whole release, and only its own wildcards are wild", () => {
  assert.equal(choose({ kind: "match", glob: "6.1.*-amd64" }), here.slice(0, 3));
  assert.equal(choose({ kind: "match", glob: "6.1.0-?-amd64" }), ["6.1.0-9-amd64"]);
  assert.equal(choose({ kind: "match", glob: "6.1.0-[!9]*-amd64" }), here.slice(1, 3));
  assert.equal(choose({ kind: "match", glob: "6.1" }), []);
  assert.equal(choose({ kind: "match", glob: "6.12.117+deb12-amd64" }), here.slice(3));
  assert.equal(choose({ kind: "match", glob: "6x1*" }), []);
});

select("a regex is unanchored, as written", () => {
  assert.equal(choose({ kind: "regex", pattern: "-rt-" }), ["6.1.0-56-rt-amd64"]);
  assert.equal(choose({ kind: "regex", pattern: "^6\\.1\\." }), here.slice(0, 3));
});

select("a named class and a range of characters, as in the shell", () => {
  assert.equal(choose({ kind: "match", glob: "6.1.0-[[:digit:]]-*" }), ["6.1.0-9-amd64"]);
  assert.equal(choose({ kind: "match", glob: "6.1.0-[1-5][0-9]-amd64" }), ["6.1.0-56-amd64"]);
});

select("no pattern and no kernel's name can make it take long", () => {
  const release = "6.1.0-amd64-".padEnd(250, "a");
  const choice = { candidates: [{ release, installed: true, withHeaders: true }], runningKernel: undefined };
  const endless: readonly Selector[] = [
    { kind: "regex", pattern: "^([a-z0-9.-]+)+$x" },
    { kind: "match", glob: `${"*a".repeat(90)}*b` },
  ];
  withinProcessorTime(500, () => assert.equal(selectKernels(endless, choice).unmatched, endless));
});

select("a pattern that no document can bring is a bug", () => {
  assert.throws(() => choose({ kind: "match", glob: "6.[9-1]" }), "runs backwards");
});

select("a range compares numbers as numbers", () => {
  const range = (...bounds: [">=" | "<=" | ">" | "<" | "=", string][]): Selector => ({
    kind: "range",
    bounds: bounds.map(([operator, version]) => ({ operator, version })),
  });
  assert.equal(choose(range([">=", "6.12"], ["<", "6.13"])), here.slice(3));
  assert.equal(choose(range(["<", "6.1.0-56"])), ["6.1.0-9-amd64"]);
  assert.equal(choose(range([">", "6.1.0-9-amd64"])), here.slice(1));
  assert.equal(choose(range(["<=", "6.1.0-9-amd64"])), here.slice(0, 1));
  assert.equal(choose(range(["=", "6.1.0-9-amd64"])), here.slice(0, 1));
});

select("not takes away wherever it stands, also what was named exactly", () => {
  const noRt: Selector = { kind: "not", selector: { kind: "match", glob: "*-rt-*" } };
  assert.equal(choose(noRt, { kind: "with-headers" }), ["6.1.0-56-amd64", "6.12.117+deb12-amd64"]);
  assert.equal(choose(noRt), ["6.1.0-9-amd64", "6.1.0-56-amd64"]);
  const noFive: Selector = { kind: "not", selector: { kind: "match", glob: "5.*" } };
  assert.equal(choose({ kind: "exact", release: "5.4.0-1" }, noFive), []);
  const notNot: Selector = { kind: "not", selector: noRt };
  assert.equal(choose({ kind: "with-headers" }, notNot), ["6.1.0-56-rt-amd64"]);
});

select("several selectors add up, in kernel order, without repeating", () => {
  const twice = choose({ kind: "newest" }, { kind: "running" }, { kind: "match", glob: "6.1.0-56-*" });
  assert.equal(twice, ["6.1.0-56-amd64", "6.1.0-56-rt-amd64"]);
});

select("says which selectors chose nothing", () => {
  const nothing: Selector = { kind: "match", glob: "9.*" };
  const choice = { candidates: [], runningKernel: undefined };
  assert.equal(selectKernels([nothing, { kind: "running" }], choice).unmatched, [nothing, { kind: "running" }]);
});

select.run();
