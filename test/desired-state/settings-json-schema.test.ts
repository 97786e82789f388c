import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { settingsJsonSchema } from "../../src/desired-state/settings-json-schema.ts";
import { settingsSchema } from "../../src/desired-state/settings-schema.ts";

const schema = suite("settingsJsonSchema");

interface JsonSchema {
  readonly description: string;
  readonly examples: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
}

const file = new URL("../../desired-state/config.schema.json", import.meta.url);
const whole: JsonSchema = JSON.parse(fs.readFileSync(file, "utf8"));

schema("is what desired-state/config.schema.json holds; if not, run npm run schema", () => {
  assert.is(fs.readFileSync(file, "utf8"), `${JSON.stringify(settingsJsonSchema(), null, 2)}\n`);
});

/** The keys of the file, and those of the groups in it: `daemon.watch`. */
function keysOf({ properties = {} }: JsonSchema, group = ""): readonly [string, JsonSchema][] {
  return Object.entries(properties).flatMap(([key, own]) =>
    own.properties ? keysOf(own, `${group}${key}.`) : [[`${group}${key}`, own]],
  );
}

schema("describes every key with its default and an example, and wants none", () => {
  const { properties, required, additionalProperties } = whole;
  assert.equal([required, additionalProperties], [undefined, false]);
  assert.equal(Object.keys(properties ?? {}), Object.keys(settingsSchema.shape));
  for (const [key, { description, examples }] of keysOf(whole)) {
    assert.match(description, /Default: /, key);
    assert.ok(Array.isArray(examples) && examples.length > 0, key);
  }
});

schema("has examples that the program itself takes", () => {
  const pair = { signing_key: "/k", certificate: "/c" };
  for (const [key, { examples }] of keysOf(whole)) {
    const [group = "", inner] = key.split(".");
    for (const example of examples) {
      // In a document every scalar is text.
      const written = String(example);
      const value = inner === undefined ? written : { [inner]: written };
      assert.ok(settingsSchema.safeParse({ ...pair, [group]: value }).success, `${key}: ${example}`);
    }
  }
});

schema.run();
