import { suite } from "uvu";
import * as assert from "uvu/assert";
import { courseText, noProgressLine } from "../../src/report/course-text.ts";
import { plainTerminal } from "../../src/report/terminal.ts";

const text = suite("courseText");
const progress = { type: "progress", what: "/srv/demo.tar.gz", done: 50e6, total: 200e6 } as const;
const terminal = { columns: 30, rows: 10, color: false, isTerminal: true };

text("shows progress on a terminal only, on one line that is written over", () => {
  const line = `${noProgressLine} 25 % of 200 MB  /srv/demo.t…`;
  assert.equal(courseText(progress, { terminal, quiet: false }), { out: "", err: line });
  assert.equal(courseText(progress, { terminal: plainTerminal, quiet: false }), { out: "", err: "" });
  assert.equal(courseText(progress, { terminal, quiet: true }), { out: "", err: "" });
});

text("says what was made", () => {
  const event = { type: "done", action: "pack", what: "/srv/demo.tar.gz", changed: true } as const;
  assert.equal(courseText(event, { terminal, quiet: false }), { out: "/srv/demo.tar.gz: made.\n", err: "" });
});

text.run();
