import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelKey, packageKey } from "../../src/dkms/id.ts";
import { createLiveProgress } from "../../src/report/live-progress.ts";
import { events } from "./event-samples.ts";
import { terminalOf } from "./terminal-of.ts";

const kernel = { release: "K1", arch: "x86_64" };

/** A screen that knows the two movements that the progress uses. */
function screen(columns: number, height = 24) {
  const rows: string[] = [""];
  let written = "";
  const write = (text: string) => {
    written += text;
    for (const piece of text.split(/(\u001b\[\d+A\r\u001b\[J|\n)/)) {
      const up = /^\u001b\[(\d+)A/.exec(piece);
      if (up) rows.splice(rows.length - 1 - Number(up[1]), rows.length, "");
      else if (piece === "\n") rows.push("");
      else rows[rows.length - 1] += piece;
    }
  };
  let time = 0;
  const now = () => time;
  const live = createLiveProgress({ write, terminal: terminalOf(columns, false, height), now });
  const pass = (milliseconds: number) => {
    time += milliseconds;
  };
  return { live, pass, write, rows: () => rows.slice(0, -1), written: () => written };
}

const progress = suite("createLiveProgress");

progress("shows what runs, and for how long", () => {
  const { live, pass, rows } = screen(80);
  live.note(events.step_start);
  pass(12_000);
  live.note(events.lock_wait);
  assert.equal(rows(), ["  ⠋ build evdi/1.14.1@K1/x86_64  12 s"]);
  live.end();
});

progress("what is said for good stands above, and nothing of the block is left in it", () => {
  const { live, write, rows } = screen(80);
  live.note(events.step_start);
  live.around(() => write("one\n"));
  live.around(() => write("two\nthree\n"));
  assert.equal(rows(), ["one", "two", "three", "  ⠋ build evdi/1.14.1@K1/x86_64  0 ms"]);
  live.note(events.step_complete);
  live.end();
  assert.equal(rows(), ["one", "two", "three"]);
});

progress("several steps at once have a line each, until they end", () => {
  const { live, rows } = screen(80);
  live.note(events.step_start);
  live.note({ ...events.step_start, id: "depmod:K1/x86_64", kind: "depmod", address: kernelKey(kernel) });
  assert.equal(rows(), ["  ⠋ build evdi/1.14.1@K1/x86_64  0 ms", "  ⠋ depmod K1/x86_64  0 ms"]);
  live.note(events.step_errored);
  assert.equal(rows(), ["  ⠋ depmod K1/x86_64  0 ms"]);
  live.end();
});

progress("a line never reaches the last column, where terminals wrap", () => {
  const { live, rows } = screen(24);
  live.note(events.step_start);
  assert.equal(rows(), ["  ⠋ build evdi/1…  0 ms"]);
  live.end();
});

progress("the sum of all steps stands below, also what failed", () => {
  const { live, rows } = screen(80);
  live.note(events.planned_change);
  live.note(events.step_start);
  assert.equal(rows(), ["  ⠋ build evdi/1.14.1@K1/x86_64  0 ms", "  0 of 4 steps done"]);
  live.note(events.step_errored);
  live.note({ ...events.step_start, id: "depmod:K1/x86_64", kind: "depmod", address: kernelKey(kernel) });
  assert.equal(rows(), ["  ⠋ depmod K1/x86_64  0 ms", "  1 of 4 steps done, 1 failed"]);
  live.end();
});

progress("never takes more than the screen has, which could not be taken away again", () => {
  const { live, rows } = screen(80, 5);
  live.note(events.planned_change);
  for (const name of ["a", "b", "c", "d"])
    live.note({ ...events.step_start, id: `add:${name}`, kind: "add", address: packageKey(name) });
  assert.equal(rows(), ["  ⠋ add a  0 ms", "  ⠋ add b  0 ms", "  0 of 4 steps done, 2 more running"]);
  live.end();
  assert.equal(rows(), []);
});

progress("a terminal that was made narrower has broken the lines: all of them go", () => {
  const terminal = { ...terminalOf(80) };
  let written = "";
  const write = (text: string) => {
    written += text;
  };
  const live = createLiveProgress({ write, terminal, now: () => 0 });
  live.note(events.step_start);
  terminal.columns = 20;
  live.end();
  assert.ok(written.endsWith("\u001b[2A\r\u001b[J"));
});

progress("writes nothing while nothing runs", () => {
  const { live, written } = screen(80);
  live.note(events.planned_change);
  live.around(() => {});
  live.end();
  assert.is(written(), "");
});
progress.run();
