import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Diagnostic } from "../../src/desired-state/diagnostic.ts";
import { plainTerminal } from "../../src/report/terminal.ts";
import { validationJson, validationText } from "../../src/report/validation.ts";
import { desiredState } from "../rig/world.ts";

const error: Diagnostic = {
  severity: "error",
  code: "E_BAD_VALUE",
  message: "No.",
  file: "/a.yaml",
  range: { line: 1, column: 2, endLine: 1, endColumn: 4 },
  snippet: { text: "abc", caretColumn: 2, caretLength: 2 },
};
const warning: Diagnostic = { severity: "warning", code: "W_NO_EFFECT", message: "Hm.", file: "/a.yaml" };
const desired = desiredState({ "ddcci/0.4.4": {} });

const told = suite("validationText");

told("valid documents are counted", () => {
  assert.is(validationText({ desired, diagnostics: [] }, plainTerminal), "Valid: 1 document, 1 module.\n");
});

told("warnings do not make them invalid", () => {
  const shown = validationText({ desired, diagnostics: [warning] }, plainTerminal);
  assert.is(shown, "/a.yaml: warning: Hm. [W_NO_EFFECT]\n\nValid: 1 document, 1 module, 1 warning.\n");
});

told("the verdict stands below all problems", () => {
  const shown = validationText({ desired: undefined, diagnostics: [error, error, warning] }, plainTerminal);
  assert.ok(shown.endsWith("\nInvalid: 2 errors, 1 warning.\n"));
});
told.run();

const json = suite("validationJson");

json("has the counts and every place in snake case", () => {
  const document: unknown = JSON.parse(validationJson({ desired: undefined, diagnostics: [error, warning] }, "1.2.3"));
  const common = { message: "No.", file: "/a.yaml", hint: null };
  assert.equal(document, {
    format_version: "1.0",
    tool_version: "1.2.3",
    valid: false,
    error_count: 1,
    warning_count: 1,
    diagnostics: [
      {
        ...{ severity: "error", code: "E_BAD_VALUE", ...common },
        range: { line: 1, column: 2, end_line: 1, end_column: 4 },
        snippet: { text: "abc", caret_column: 2, caret_length: 2 },
      },
      { severity: "warning", code: "W_NO_EFFECT", ...common, message: "Hm.", range: null, snippet: null },
    ],
  });
});

json("valid means that there is a desired state", () => {
  const document: { valid: boolean } = JSON.parse(validationJson({ desired, diagnostics: [] }, "1.2.3"));
  assert.is(document.valid, true);
});
json.run();
