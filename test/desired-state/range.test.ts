import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseRange } from "../../src/desired-state/range.ts";

const range = suite("parseRange");

const bounds = (text: string) => {
  const parsed = parseRange(text);
  return parsed.ok ? parsed.value.map(({ operator, version }) => `${operator} ${version}`) : parsed.error.code;
};

range("reads bounds separated by spaces or commas, with and without a space after the operator", () => {
  assert.equal(bounds(">=6.12 <6.13"), [">= 6.12", "< 6.13"]);
  assert.equal(bounds(" >= 6.12,  < 6.13 "), [">= 6.12", "< 6.13"]);
  assert.equal(bounds(">5"), ["> 5"]);
  assert.equal(bounds("<=6.1.0-56-amd64"), ["<= 6.1.0-56-amd64"]);
  assert.equal(bounds("=6.12.117+deb12-amd64"), ["= 6.12.117+deb12-amd64"]);
});

for (const text of [
  "",
  "6.1",
  "^6.1",
  "~6.1",
  ">=",
  ">=a",
  "==6",
  "=>6",
  ">=6 <",
  ">=6.x",
  ">=6.*",
  "6.1 - 6.2",
  "!=6",
]) {
  range(`refuses ${JSON.stringify(text)} and shows how it is written`, () => {
    const parsed = parseRange(text);
    assert.is(parsed.ok, false);
    assert.match(parsed.ok ? "" : (parsed.error.hint ?? ""), ">=6.12 <6.13");
  });
}

range("refuses a very long one", () => {
  assert.is(bounds(">=6 ".repeat(60)), "E_BAD_VALUE");
});

range.run();
