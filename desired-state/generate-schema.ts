/** Writes schema.json and config.schema.json beside this file: `npm run schema`. */
import fs from "node:fs";
import { jsonSchema } from "../src/desired-state/json-schema.ts";
import { settingsJsonSchema } from "../src/desired-state/settings-json-schema.ts";

for (const [name, schema] of [
  ["schema.json", jsonSchema()],
  ["config.schema.json", settingsJsonSchema()],
] as const)
  fs.writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(schema, null, 2)}\n`);
