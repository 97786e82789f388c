import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Diagnostic } from "../../src/desired-state/diagnostic.ts";
import { diagnosticsText, diagnosticText } from "../../src/report/diagnostic-text.ts";
import { plainTerminal } from "../../src/report/terminal.ts";
import { terminalOf, text } from "./terminal-of.ts";

const unknownKey: Diagnostic = {
  severity: "error",
  code: "E_UNKNOWN_KEY",
  message: 'The key "verison" is unknown.',
  file: "/etc/dkms-agent/desired-state/modules.yaml",
  range: { line: 12, column: 5, endLine: 12, endColumn: 12 },
  snippet: { text: "    verison: 1.0", caretColumn: 5, caretLength: 7 },
  hint: 'Did you mean "version"?',
};

const one = suite("diagnosticText");

one("place, message, code, source line, caret, hint", () => {
  assert.is(
    diagnosticText(unknownKey, plainTerminal),
    text`
      /etc/dkms-agent/desired-state/modules.yaml:12:5: error: The key "verison" is unknown. [E_UNKNOWN_KEY]
        12 |     verison: 1.0
           |     ^^^^^^^
           = Did you mean "version"?
    `,
  );
});

one("the caret stands below the first character that is meant", () => {
  const [, source = "", carets = ""] = diagnosticText(unknownKey, plainTerminal).split("\n");
  assert.is(source.indexOf("verison"), carets.indexOf("^"));
});

one("a whole file has neither line nor caret", () => {
  const whole: Diagnostic = { severity: "warning", code: "W_IGNORED_FILE", message: "It is ignored", file: "/d/a.yml" };
  assert.is(diagnosticText(whole, plainTerminal), "/d/a.yml: warning: It is ignored. [W_IGNORED_FILE]\n");
});

one("errors are red and warnings yellow, on a terminal alone", () => {
  assert.match(diagnosticText(unknownKey, terminalOf(80, true)), "\u001b[31merror:\u001b[39m");
  assert.match(diagnosticText({ ...unknownKey, severity: "warning" }, terminalOf(80, true)), "\u001b[33mwarning:");
  assert.not.match(diagnosticText(unknownKey, terminalOf(80)), "\u001b");
});
one.run();

const several = suite("diagnosticsText");

several("an empty line between two, nothing for none", () => {
  const whole: Diagnostic = { severity: "error", code: "E_EMPTY", message: "It is empty.", file: "/a" };
  assert.is(diagnosticsText([whole, whole], plainTerminal).split("\n\n").length, 2);
  assert.is(diagnosticsText([], plainTerminal), "");
});
several.run();
