import schemaJson from "../../desired-state/schema.json" with { type: "json" };
import { jsonText } from "../report/json.ts";
import type { Answer } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";

/** Prints the JSON schema of the documents. */
export async function schema(): Promise<Answer> {
  return { exitCode: exitCodes.ok.code, out: jsonText(schemaJson) };
}
