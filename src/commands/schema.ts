import settingsJson from "../../desired-state/config.schema.json" with { type: "json" };
import desiredJson from "../../desired-state/schema.json" with { type: "json" };
import { documentNames } from "../contract/document-names.ts";
import { didYouMean } from "../dkms/did-you-mean.ts";
import { jsonText } from "../report/json.ts";
import type { Answer, Invocation } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { usageAnswer } from "./usage-answer.ts";

/** Prints a JSON schema: of the documents, of the settings, or of something that the program prints with `--json`. */
export async function schema({ argument = "desired" }: Pick<Invocation, "argument">): Promise<Answer> {
  const found = Object.hasOwn(shipped, argument) ? shipped[argument] : await printed(argument);
  return found ? { exitCode: exitCodes.ok.code, out: jsonText(found) } : unknown(argument);
}

const shipped: Readonly<Record<string, object>> = { desired: desiredJson, settings: settingsJson };

/** Of what the program prints. What it takes to make such a schema is loaded only here. */
async function printed(name: string): Promise<object | undefined> {
  const document = documentNames.find((one) => one === name);
  if (!document) return undefined;
  return (await import("../contract/document-json-schema.ts")).documentJsonSchema(document);
}

function unknown(name: string): Answer {
  const names = [...Object.keys(shipped), ...documentNames];
  const hint = didYouMean(name, names) ?? `There are: ${names.join(", ")}.`;
  return usageAnswer({ message: `There is no schema "${name}".`, hint });
}
