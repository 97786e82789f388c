/** Writes schema.json beside this file: `npm run schema`. */
import fs from "node:fs";
import { jsonSchema } from "../src/desired-state/json-schema.ts";

fs.writeFileSync(new URL("schema.json", import.meta.url), `${JSON.stringify(jsonSchema(), null, 2)}\n`);
