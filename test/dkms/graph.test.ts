import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { orderByDependency } from "../../src/dkms/graph.ts";

const order = suite("orderByDependency");

const from = (edges: Readonly<Record<string, readonly string[]>>) => (node: string) => edges[node] ?? [];

order("puts dependencies first and keeps the given order otherwise", () => {
  const { order: sorted, cycles } = orderByDependency(["a", "b", "c"], from({ a: ["c"] }));
  assert.equal(sorted, ["c", "a", "b"]);
  assert.equal(cycles, []);
});

order("names the members of a circle, and only them", () => {
  const { order: sorted, cycles } = orderByDependency(["a", "b", "c", "d"], from({ a: ["b"], b: ["a"], c: ["a"] }));
  assert.equal(
    cycles.map((members) => [...members].sort()),
    [["a", "b"]],
  );
  assert.equal(sorted, ["c", "d"]);
});

order("takes a node that depends on itself for a circle", () => {
  assert.equal(orderByDependency(["a"], from({ a: ["a"] })).cycles, [["a"]]);
});

order("ignores dependencies that are not nodes", () => {
  assert.equal(orderByDependency(["a"], from({ a: ["elsewhere"] })).order, ["a"]);
});

order("orders a chain of 100,000 nodes without overflowing", () => {
  const nodes = Array.from({ length: 100_000 }, (_, index) => index);
  const { order: sorted } = orderByDependency(nodes, (node) => (node + 1 < nodes.length ? [node + 1] : []));
  assert.is(sorted[0], 99_999);
});

order("agrees with its definition on random graphs", () => {
  const graph = fc.array(fc.array(fc.nat(7), { maxLength: 4 }), { minLength: 1, maxLength: 8 });
  const check = fc.property(graph, (edges) => {
    const nodes = edges.map((_, index) => index);
    const next = (node: number) => edges[node] ?? [];
    const { order: sorted, cycles } = orderByDependency(nodes, next);
    assert.equal([...sorted, ...cycles.flat()].sort(), [...nodes].sort());
    const inCycle = new Set(cycles.flat());
    for (const node of nodes) assert.is(inCycle.has(node), reaches(node, node, next));
    sorted.forEach((node, at) => {
      for (const one of next(node)) if (sorted.includes(one)) assert.ok(sorted.indexOf(one) < at);
    });
  });
  fc.assert(check, { numRuns: 500 });
});

order.run();

/** Whether there is a way of at least one edge from one node to another. */
function reaches(from: number, to: number, next: (node: number) => readonly number[]): boolean {
  const seen = new Set<number>();
  const open = [...next(from)];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node === to) return true;
    if (seen.has(node)) continue;
    seen.add(node);
    open.push(...next(node));
  }
  return false;
}
