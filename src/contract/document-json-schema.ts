import * as z from "zod/mini";
import type { DocumentName } from "./document-names.ts";
import { eventSchema } from "./event-schema.ts";
import { historySchema } from "./history-schema.ts";
import { importSchema } from "./import-schema.ts";
import { lastRunSchema } from "./last-run-schema.ts";
import { planSchema } from "./plan-schema.ts";
import { statusSchema } from "./status-schema.ts";
import { unprotectSchema } from "./unprotect-schema.ts";
import { validationSchema } from "./validation-schema.ts";
import { verifySchema } from "./verify-schema.ts";

/** A document's schema as JSON Schema draft-07. Fields that it does not name are allowed: minor versions add some. */
export function documentJsonSchema(name: DocumentName): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(schemas[name], {
    target: "draft-07",
    io: "input",
    override: ({ jsonSchema }) => {
      // Readonly is a promise to our own compiler; in JSON Schema the word means something else.
      delete jsonSchema.readOnly;
    },
  });
}

const schemas = {
  plan: planSchema,
  "last-run": lastRunSchema,
  event: eventSchema,
  status: statusSchema,
  history: historySchema,
  import: importSchema,
  unprotect: unprotectSchema,
  validation: validationSchema,
  verify: verifySchema,
} satisfies Readonly<Record<DocumentName, z.ZodMiniType>>;
