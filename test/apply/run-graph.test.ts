import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type GraphNode, runGraph } from "../../src/apply/run-graph.ts";

const graph = suite("runGraph");
const node = (id: string, ...dependsOn: string[]): GraphNode => ({ id, dependsOn });

/** Runs a graph and records what began and ended when; each node ends a few turns of the event loop later. */
async function record(nodes: readonly GraphNode[], width: number, resources: (id: string) => readonly string[]) {
  const log: { readonly id: string; readonly began: boolean }[] = [];
  let atOnce = 0;
  let most = 0;
  await runGraph(nodes, {
    width,
    counted: ({ id }) => id !== "free",
    resources: ({ id }) => resources(id),
    run: async ({ id }) => {
      log.push({ id, began: true });
      atOnce += 1;
      most = Math.max(most, atOnce);
      for (let turn = 0; turn < id.length; turn += 1) await Promise.resolve();
      atOnce -= 1;
      log.push({ id, began: false });
    },
  });
  const began = log.filter((entry) => entry.began).map(({ id }) => id);
  const isOver = (id: string, before: string) =>
    log.findIndex((entry) => entry.id === id && !entry.began) <
    log.findIndex((entry) => entry.id === before && entry.began);
  return { began, most, isOver };
}

const none = () => [];

graph("takes ready nodes in the given order", async () => {
  const { began } = await record([node("a", "c"), node("b"), node("c")], 1, none);
  assert.equal(began, ["b", "c", "a"]);
});

graph("runs independent nodes side by side, but no more than the width", async () => {
  const nodes = ["a", "b", "c", "d"].map((id) => node(id));
  assert.is((await record(nodes, 3, none)).most, 3);
});

graph("lets those that are not counted run beside the others, whatever the width", async () => {
  const { most, began } = await record([node("a"), node("b"), node("free")], 1, none);
  assert.is(most, 2);
  assert.equal(began.slice(0, 2), ["a", "free"]);
});

graph("never runs two nodes that share a resource at the same time", async () => {
  const nodes = ["a", "b", "c"].map((id) => node(id));
  assert.is((await record(nodes, 3, () => ["the build directory"])).most, 1);
});

graph("throws on a circle instead of waiting for ever", async () => {
  try {
    await record([node("a", "b"), node("b", "a")], 1, none);
    assert.unreachable();
  } catch (error) {
    assert.match(error instanceof Error ? error.message : "", "a, b");
  }
});

graph("runs every node once, after all that it depends on, for random graphs", async () => {
  const nodes = fc.array(fc.nat(6), { maxLength: 12 }).map((links) =>
    links.map((link, index): GraphNode => {
      const earlier = Array.from({ length: index }, (_, at) => `n${at}`).filter((_, at) => (at + link) % 3 === 0);
      return { id: `n${index}`, dependsOn: earlier };
    }),
  );
  const check = fc.asyncProperty(nodes, fc.integer({ min: 1, max: 4 }), async (given, width) => {
    const { began, isOver, most } = await record(given, width, none);
    assert.equal([...began].sort(), given.map(({ id }) => id).sort());
    assert.ok(most <= width);
    for (const { id, dependsOn } of given) for (const one of dependsOn) assert.ok(isOver(one, id));
  });
  await fc.assert(check, { numRuns: 200 });
});

graph.run();
