import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { DaemonNote } from "../../src/daemon/daemon-note.ts";
import { daemonLine, daemonStatus, daemonWords } from "../../src/report/daemon-line.ts";
import { assertContract } from "../rig/json-contract.ts";

const next = new Date(2026, 10, 22, 4, 7);
const notes: readonly (readonly [DaemonNote, string])[] = [
  [{ type: "ready", next, watching: true }, "Ready: watching what counts; the next run is due at 2026-11-22 04:07."],
  [{ type: "ready", next: undefined, watching: false }, "Ready: watching nothing; no schedule."],
  [{ type: "run", cause: "start", places: [] }, "A run begins, since the daemon has started."],
  [{ type: "run", cause: "schedule", places: [] }, "A run begins, since it is time."],
  [{ type: "run", cause: "change", places: ["/a"] }, "A run begins, since /a has changed."],
  [{ type: "run", cause: "change", places: ["/a", "/b", "/c"] }, "A run begins, since /a has changed, and 2 more."],
  [{ type: "run", cause: "reload", places: [] }, "A run begins, since it was asked to read everything anew."],
  [{ type: "run", cause: "retry", places: [] }, "A run begins, since the last one could not do everything."],
  [{ type: "rest", exitCode: 3, next }, "The run has ended with 3; the next run is due at 2026-11-22 04:07."],
  [
    { type: "unwatched", directory: "/a", code: "ENOSPC" },
    "/a cannot be watched (ENOSPC), so that changes there are seen a minute later; a larger fs.inotify.max_user_watches mends that.",
  ],
  [{ type: "unheard" }, "The service manager could not be told: that takes the program systemd-notify."],
  [{ type: "stopped", signal: "SIGTERM" }, "Stopped (SIGTERM)."],
];

const words = suite("daemonWords");

words("each note is one sentence", () => {
  for (const [note, sentence] of notes) assert.is(daemonWords(note).message, sentence);
});

words.run();

const line = suite("daemonLine");

line("each note is a line that the contract knows", () => {
  for (const [note, sentence] of notes) {
    const text = daemonLine(note, next);
    assertContract(["apply", "--json"], text);
    assert.is(JSON.parse(text)["@message"], sentence);
  }
  const { places, exit_code } = JSON.parse(daemonLine({ type: "run", cause: "change", places: ["/a", "/b"] }, next));
  assert.equal([places, exit_code], [["/a", "/b"], null]);
});

line.run();

const status = suite("daemonStatus");

status("tells how things are, and when the next run is due", () => {
  assert.is(daemonStatus(0, next), "Everything wanted is there; the next run is due at 2026-11-22 04:07.");
  assert.match(daemonStatus(65, next), /^The documents or the settings are not valid, and nothing is changed/);
  assert.match(daemonStatus(1, undefined), /^The last run failed; no schedule/);
});

status.run();
