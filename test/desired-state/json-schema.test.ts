import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { jsonSchema } from "../../src/desired-state/json-schema.ts";

const schema = suite("jsonSchema");

schema("is what desired-state/schema.json holds; if not, run npm run schema", () => {
  const file = new URL("../../desired-state/schema.json", import.meta.url);
  assert.is(fs.readFileSync(file, "utf8"), `${JSON.stringify(jsonSchema(), null, 2)}\n`);
});

interface Node {
  readonly [key: string]: unknown;
  readonly type?: unknown;
  readonly description?: unknown;
  readonly examples?: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null;
}

/** Every named property of the schema, with its path. */
function properties(node: unknown, path = ""): readonly (readonly [path: string, node: Node])[] {
  if (!isNode(node)) return [];
  return Object.entries(node).flatMap(([key, value]) => {
    const named = key === "properties" && isNode(value) ? Object.entries(value) : [];
    const here = named.flatMap(([name, child]) => (isNode(child) ? [[`${path}.${name}`, child] as const] : []));
    return [...here, ...properties(value, key === "properties" ? path : `${path}.${key}`)];
  });
}

schema("describes every key, with an example", () => {
  const all = properties(jsonSchema());
  assert.ok(all.length > 15);
  for (const [path, { description, examples }] of all) {
    assert.type(description, "string", `no description: ${path}`);
    assert.ok(Array.isArray(examples) && examples.length > 0, `no examples: ${path}`);
  }
});

schema("takes numbers and booleans where the program takes text, since editors read 1.10 as a number", () => {
  const version = properties(jsonSchema()).find(([path]) => path.endsWith(".version"))?.[1];
  assert.equal(version?.type, ["string", "number", "boolean"]);
  const state = properties(jsonSchema()).find(([path]) => path.endsWith(".state"))?.[1];
  assert.is(state?.type, "string");
});

schema("is draft-07, the one that editors understand", () => {
  assert.equal(Object.entries(jsonSchema())[0], ["$schema", "http://json-schema.org/draft-07/schema#"]);
});

schema.run();
