import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fail } from "../../src/dkms/failure.ts";
import { failureText } from "../../src/report/failure-text.ts";
import { plainTerminal } from "../../src/report/terminal.ts";
import { text } from "./terminal-of.ts";

const told = suite("failureText");

told("what, where, the end of the log, and what to do", () => {
  const { error } = fail("E_MAKE", "make failed with exit code 2", {
    path: "/var/lib/dkms/bad/1.0",
    remedy: "Mend the source, then run it again",
    log: { path: "/var/lib/dkms/make.log", tail: ["bad.c:1: \u001b[31merror:\u001b[0m no", "make: *** [all] Error 2"] },
  });
  assert.is(
    failureText(error, plainTerminal, "build bad/1.0@K1/x86_64: "),
    text`
      error: build bad/1.0@K1/x86_64: make failed with exit code 2. [E_MAKE]
          in /var/lib/dkms/bad/1.0
          | bad.c:1: error: no
          | make: *** [all] Error 2
          the whole log: /var/lib/dkms/make.log
          → Mend the source, then run it again.
    `,
  );
});

told("a path that the message names is not said twice", () => {
  const { error } = fail("E_READ_ONLY", "/srv is read-only.", { path: "/srv" });
  assert.is(failureText(error, plainTerminal), "error: /srv is read-only. [E_READ_ONLY]\n");
});

told("a message of several lines keeps them", () => {
  const { error } = fail("E_INTERNAL", "It broke\n    at here\n    at there");
  const [head, ...rest] = failureText(error, plainTerminal).trimEnd().split("\n");
  assert.is(head, "error: It broke. [E_INTERNAL]");
  assert.equal(rest, ["    |     at here", "    |     at there"]);
});
told.run();
