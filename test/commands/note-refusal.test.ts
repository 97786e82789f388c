import { suite } from "uvu";
import * as assert from "uvu/assert";
import { problemsRefusal } from "../../src/commands/note-refusal.ts";
import type { Diagnostic } from "../../src/desired-state/diagnostic.ts";

const refusal = suite("problemsRefusal");
const range = { line: 3, column: 5, endLine: 3, endColumn: 6 };
const error: Diagnostic = { severity: "error", code: "E_BAD_VALUE", message: "No.", file: "/a.yaml", range };
const warning: Diagnostic = { ...error, severity: "warning", code: "W_NO_EFFECT" };
const messageOf = (...problems: readonly Diagnostic[]) => problemsRefusal(problems).message;

refusal("notes the first error with its place, and how many more there are", () => {
  assert.equal(problemsRefusal([warning, error]), { code: "E_BAD_VALUE", message: "/a.yaml:3:5: No", exitCode: 65 });
  assert.is(messageOf(error, warning, error), "/a.yaml:3:5: No, and 1 more problem");
  assert.is(messageOf(error, error, error), "/a.yaml:3:5: No, and 2 more problems");
  const { range: _, ...unplaced } = error;
  assert.is(messageOf(unplaced), "/a.yaml: No");
});

refusal.run();
