import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { settingsJsonSchema } from "../../src/desired-state/settings-json-schema.ts";
import { settingsSchema } from "../../src/desired-state/settings-schema.ts";

const schema = suite("settingsJsonSchema");

schema("is what desired-state/config.schema.json holds; if not, run npm run schema", () => {
  const file = new URL("../../desired-state/config.schema.json", import.meta.url);
  assert.is(fs.readFileSync(file, "utf8"), `${JSON.stringify(settingsJsonSchema(), null, 2)}\n`);
});

schema("describes every key with its default and an example, and wants none", () => {
  const { properties, required, additionalProperties } = settingsJsonSchema();
  assert.equal([required, additionalProperties], [undefined, false]);
  const described = Object.entries(properties ?? {});
  assert.equal(
    described.map(([key]) => key),
    Object.keys(settingsSchema.shape),
  );
  for (const [key, { description, examples }] of described) {
    assert.match(description, /Default: /, key);
    assert.ok(Array.isArray(examples) && examples.length > 0, key);
  }
});

schema("has examples that the program itself takes", () => {
  const pair = { signing_key: "/k", certificate: "/c" };
  for (const [key, { examples }] of Object.entries(settingsJsonSchema().properties ?? {}))
    for (const example of examples)
      assert.ok(settingsSchema.safeParse({ ...pair, [key]: example }).success, `${key}: ${example}`);
});

schema.run();
