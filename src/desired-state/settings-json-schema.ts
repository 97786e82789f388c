import * as z from "zod/mini";
import { allowScalars } from "./json-schema.ts";
import { settingsSchema } from "./settings-schema.ts";

/** The schema of /etc/dkms-agent/config.yaml as JSON Schema draft-07, for editors; see jsonSchema. */
export function settingsJsonSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(settingsSchema, { target: "draft-07", io: "input", override: allowScalars });
}
