import { suite } from "uvu";
import * as assert from "uvu/assert";
import { schema } from "../../src/commands/schema.ts";
import { documentJsonSchema } from "../../src/contract/document-json-schema.ts";
import { documentNames } from "../../src/contract/document-names.ts";
import { eventLine } from "../../src/report/event-line.ts";
import { jsonText } from "../../src/report/json.ts";
import { events } from "../report/event-samples.ts";
import { assertContract, assertProgramContract } from "../rig/json-contract.ts";

const schemas = suite("documentJsonSchema");

schemas("schema NAME prints each of them", async () => {
  for (const name of documentNames) {
    assert.is((await schema({ argument: name })).out, jsonText(documentJsonSchema(name)));
  }
  assert.is((await schema({ argument: "constructor" })).exitCode, 64);
});

schemas("readers may ignore fields that they do not know: no schema forbids them", () => {
  for (const name of documentNames)
    assert.not.match(JSON.stringify(documentJsonSchema(name)), '"additionalProperties":false');
});

schemas("every type of event is in the schema, and fits it", () => {
  for (const event of Object.values(events)) {
    assertContract(["apply", "--json"], eventLine(event, new Date(0)));
  }
});

schemas("the tests see a field too many, one too few, and an unknown type", () => {
  const line = eventLine(events.step_start, new Date(0));
  const event: object = JSON.parse(line);
  for (const [wrong, told] of [
    [{ ...event, more: 1 }, /must NOT have additional properties .*more/],
    [{ ...event, step: undefined }, /must have required property 'step'/],
    [{ ...event, type: "bang" }, /no event of the type bang/],
  ] as const) {
    assert.throws(() => assertContract(["apply", "--json"], JSON.stringify(wrong)), told);
  }
  assert.throws(() => assertContract(["frobnicate", "--json"], "{}"), /does not know what/);
  const agent = ["setpriv", "--reuid=65534", "node", "/opt/dist/cli.cjs"];
  assert.throws(() => assertProgramContract([...agent, "--json", "plan"], "{}"), /The plan document/);
  assert.throws(
    () => assertProgramContract(["dkms-agent", "--root", "/", "apply", "--json"], '{"type":"x"}'),
    /type x/,
  );
  assertProgramContract(["npm", "pack", "--json"], "[]");
});

schemas.run();
