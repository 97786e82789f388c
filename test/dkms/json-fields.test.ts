import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fieldsOf, parseJson, textsOf } from "../../src/dkms/json-fields.ts";

const json = suite("parseJson");

json("a text that is not JSON, or only half of it, has no value", () => {
  assert.equal(parseJson('{"a": [1, null]}'), { a: [1, null] });
  for (const text of ["", "{", '{"a": 1', "{'a': 1}", "undefined"]) assert.is(parseJson(text), undefined, text);
});

const fields = suite("fieldsOf and textsOf");

fields("only an object has fields, and what they are called changes nothing", () => {
  const names = ["a", "__proto__", "toString", "0"];
  const value = parseJson(`{${names.map((name) => `"${name}": "${name}"`).join()}}`);
  assert.equal([...(fieldsOf(value)?.keys() ?? [])].sort(), [...names].sort());
  assert.equal([...(textsOf(value) ?? [])].sort(), names.map((name) => [name, name]).sort());
  for (const none of [undefined, null, 1, "text", [1], true]) {
    assert.is(fieldsOf(none), undefined);
    assert.is(textsOf(none), undefined);
  }
});

fields("what is no text is left out of the texts", () => {
  assert.equal([...(textsOf({ a: "1", b: 1, c: null, d: ["1"], e: { f: "1" } }) ?? [])], [["a", "1"]]);
});

for (const one of [json, fields]) one.run();
