import { Ajv, type AnySchemaObject, type ValidateFunction } from "ajv";
import { documentJsonSchema } from "../../src/contract/document-json-schema.ts";
import type { DocumentName } from "../../src/contract/document-names.ts";

/** Which document a command answers with, with `--json`. */
const documentOf: Readonly<Record<string, DocumentName>> = {
  validate: "validation",
  plan: "plan",
  show: "plan",
  "apply --dry-run": "plan",
  status: "status",
  history: "history",
  import: "import",
  verify: "verify",
  unprotect: "unprotect",
};

const commands = new Set(["apply", "hook", "dkms", "schema", ...Object.keys(documentOf)]);

/** Asserts that what the program printed with `--json` fits the schemas that it exports, to the last field. */
export function assertContract(words: readonly string[], stdout: string): void {
  const command = words.find((word) => commands.has(word)) ?? words[0] ?? "";
  if (!words.includes("--json") || command === "dkms" || command === "schema" || stdout === "") return;
  const kind = words.includes("--dry-run") ? `${command} --dry-run` : command;
  if (kind === "apply" || kind === "hook")
    for (const line of stdout.trimEnd().split("\n")) assertEvent(JSON.parse(line), line);
  else assertDocument(kind, JSON.parse(stdout));
}

/**
 * The same for a command line that may start the program, behind whatever else stands there. Everything in the rig that runs
 * programs calls it, so that no scenario can print something that is not in the contract.
 */
export function assertProgramContract(commandLine: readonly string[], stdout: string): void {
  const at = commandLine.findIndex((word) => /(^|\/)(cli\.cjs|dkms-agent)$/.test(word));
  if (at >= 0) assertContract(commandLine.slice(at + 1), stdout);
}

/** Asserts that a document that the program has written fits its schema, to the last field. */
export function assertFitsSchema(name: DocumentName, document: object): void {
  assertFits(
    validatorOf(name, () => strictSchemaOf(name)),
    document,
    `The ${name} document`,
  );
}

function assertDocument(command: string, document: object): void {
  const name = "valid" in document ? "validation" : documentOf[command];
  if (name === undefined) throw new Error(`test/rig/json-contract.ts does not know what "${command} --json" prints`);
  const validate = validatorOf(name, () => strictSchemaOf(name));
  assertFits(validate, document, `The ${name} document of ${command} --json`);
}

/** Only the schema of its own type is asked: what the others have against it would bury the fault. */
function assertEvent(event: { readonly type?: unknown }, line: string): void {
  const type = String(event.type);
  const validate = validatorOf(`event ${type}`, () => {
    const { oneOf, ...whole } = strictSchemaOf("event");
    const own = oneOf.find((one: AnySchemaObject) => one.properties.type.const === type);
    if (!own) throw new Error(`no event of the type ${type} is in the contract: ${line}`);
    return { ...whole, ...own };
  });
  assertFits(validate, event, `The event ${type}`);
}

function assertFits(validate: ValidateFunction, value: unknown, what: string): void {
  if (validate(value)) return;
  const faults = (validate.errors ?? []).map(({ instancePath, message, params }) => {
    return `${instancePath || "/"} ${message} ${JSON.stringify(params)}`;
  });
  throw new Error(`${what} is not as its schema in src/contract says:\n${faults.join("\n")}`);
}

const validators = new Map<string, ValidateFunction>();

function validatorOf(name: string, schemaOf: () => AnySchemaObject): ValidateFunction {
  const validate = validators.get(name) ?? new Ajv({ allErrors: true }).compile(schemaOf());
  validators.set(name, validate);
  return validate;
}

/** Readers allow unknown fields; here each field must be in the schema. */
function strictSchemaOf(name: DocumentName): AnySchemaObject {
  const schema = documentJsonSchema(name);
  return JSON.parse(
    JSON.stringify(schema, (_, value) => (isObjectSchema(value) ? { additionalProperties: false, ...value } : value)),
  );
}

function isObjectSchema(value: unknown): boolean {
  return typeof value === "object" && value !== null && "properties" in value && "type" in value;
}
