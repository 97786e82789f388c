import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { isJournal } from "../../src/host/is-journal.ts";

const journal = suite("isJournal");

journal("is what JOURNAL_STREAM names, and not what has inherited it and leads elsewhere", () => {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "dkms-agent-journal-")), "stream");
  const descriptor = fs.openSync(file, "w");
  const { dev, ino } = fs.fstatSync(descriptor);
  assert.ok(isJournal(descriptor, { JOURNAL_STREAM: `${dev}:${ino}` }));
  assert.not(isJournal(descriptor, { JOURNAL_STREAM: `${dev}:${ino + 1}` }));
  assert.not(isJournal(descriptor, {}));
  fs.closeSync(descriptor);
  fs.rmSync(path.dirname(file), { recursive: true });
});

journal.run();
