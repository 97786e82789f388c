import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Fault } from "../../src/desired-state/diagnostic.ts";
import { comparePlaces, faultAt, faultOf, toDiagnostic } from "../../src/desired-state/placed-fault.ts";
import { createSourceText } from "../../src/desired-state/source-text.ts";

const comparing = suite("comparePlaces");
const fault: Fault = { code: "E_EMPTY", message: "Empty." };

comparing("puts files in order, and in a file what concerns all of it first", () => {
  const source = createSourceText("b", "text");
  const start = faultAt(source, { start: 0, end: 1 }, fault);
  const later = faultAt(source, { start: 2, end: 3 }, fault);
  const [whole, other] = [faultOf("b", fault), faultOf("a", fault)];
  assert.equal([later, start, whole, other].sort(comparePlaces), [other, whole, start, later]);
  assert.equal([whole, start].sort(comparePlaces), [whole, start]);
});

comparing.run();

const telling = suite("toDiagnostic");

telling("leaves out the place and the hint where there are none", () => {
  assert.equal(toDiagnostic(faultOf("a", fault)), { severity: "error", code: "E_EMPTY", message: "Empty.", file: "a" });
});

telling("takes the severity from the code", () => {
  assert.is(toDiagnostic(faultOf("a", { code: "W_YAML", message: "Odd." })).severity, "warning");
});

telling.run();
