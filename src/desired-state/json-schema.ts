import * as z from "zod/mini";
import { documentSchema } from "./schema.ts";

/**
 * The documents' schema as JSON Schema draft-07, which is what the YAML language servers of editors understand. It is
 * made from the schema that the program itself uses, and differs in one thing: editors read `version: 1.10` as a
 * number and `no` as a boolean, so those are allowed wherever the program takes text.
 */
export function jsonSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(documentSchema, { target: "draft-07", io: "input", override: allowScalars });
}

interface Overridden {
  readonly jsonSchema: { type?: unknown; enum?: unknown; const?: unknown };
  readonly path: readonly PropertyKey[];
}

/** An override for z.toJSONSchema. */
export function allowScalars({ jsonSchema: schema, path }: Overridden): void {
  const fixed = schema.enum !== undefined || schema.const !== undefined || path.at(-1) === "propertyNames";
  if (schema.type === "string" && !fixed) schema.type = ["string", "number", "boolean"];
}
