import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createHost } from "../../src/host/create-host.ts";
import { endRun } from "../../src/host/end-run.ts";
import { block } from "../rig/blocking.ts";
import { isRunning } from "../rig/is-running.ts";

const ending = suite<{ directory: string }>("endRun");

ending.before.each((context) => {
  context.directory = fs.mkdtempSync(path.join(os.tmpdir(), "dkms-agent-end-run-"));
});
ending.after.each(({ directory }) => fs.rmSync(directory, { recursive: true }));

ending("ends what a run has started: deaf, in a session of its own, without environment", async ({ directory }) => {
  const { run, mark } = createHost();
  const [deaf, apart, bare] = ["deaf", "apart", "bare"].map((name) => block(directory, name));
  if (!deaf || !apart || !bare) throw new Error("there are three");
  const script = [
    `setsid sh -c '${apart.line}' &`,
    `env -i PATH="$PATH" sh -c '${bare.line}' &`,
    `trap '' TERM INT HUP; ${deaf.line}`,
  ];
  const over = run({ file: "sh", args: ["-c", script.join("\n")], timeoutMs: 60_000 });
  const pids = await Promise.all([deaf.reached(), apart.reached(), bare.reached()]);
  assert.equal(pids.map(isRunning), [true, true, true]);
  assert.equal(await endRun(mark), []);
  assert.is((await over).ending, "killed");
  assert.equal(pids.map(isRunning), [false, false, false]);
});

ending("touches nothing of another run, and nothing that no run has started", async ({ directory }) => {
  const stop = new AbortController();
  const { run, mark } = createHost({ signal: stop.signal });
  const other = block(directory, "other");
  const over = run({ file: "sh", args: ["-c", other.line], timeoutMs: 60_000 });
  const pid = await other.reached();
  assert.equal(await endRun(createHost().mark), []);
  assert.equal(await endRun(mark.slice(0, -1)), []);
  assert.ok(isRunning(pid));
  stop.abort();
  assert.is((await over).ending, "cancelled");
});

ending.run();
