import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createHost } from "../../src/host/create-host.ts";
import { isRunning } from "../rig/is-running.ts";

const run = suite("run");
const limits = { timeoutMs: 20_000 };

run("captures output and the exit code", async () => {
  const { run } = createHost();
  const result = await run({ file: "sh", args: ["-c", "echo out; echo err >&2; exit 7"], ...limits });
  assert.is(result.ending, "exited");
  assert.is(result.exitCode, 7);
  assert.is(result.stdout, "out\n");
  assert.is(result.stderr, "err\n");
});

run("gives a known environment and nothing else", async () => {
  process.env.LEAK = "1";
  const { run } = createHost();
  const result = await run({ file: "env", args: [], env: { ONLY: "this" }, ...limits });
  const names = result.stdout
    .trim()
    .split("\n")
    .map((line) => line.split("=")[0])
    .sort();
  assert.equal(names, ["DKMS_AGENT_RUN", "HOME", "LC_ALL", "ONLY", "PATH"]);
});

run("says that a program is missing", async () => {
  const { run } = createHost();
  assert.is((await run({ file: "no-such-program-here", args: [], ...limits })).ending, "missing");
});

run("feeds a program piece by piece, and lets its output go to a descriptor", async () => {
  const { run } = createHost();
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "start-process-")), "out");
  const descriptor = fs.openSync(file, "w");
  const pieces = Array.from({ length: 40 }, (_, index) => Buffer.alloc(100_000, String(index % 10)));
  const result = await run({ file: "cat", args: [], feed: pieces, outputTo: descriptor, ...limits });
  fs.closeSync(descriptor);
  assert.is(result.ending, "exited");
  assert.is(result.stdout, "");
  assert.ok(fs.readFileSync(file).equals(Buffer.concat(pieces)));
  fs.rmSync(path.dirname(file), { recursive: true });
});

run("lets a program end that takes no more", async () => {
  const { run } = createHost();
  const feed = Array.from({ length: 40 }, () => Buffer.alloc(100_000));
  const result = await run({ file: "sh", args: ["-c", "exit 3"], feed, ...limits });
  assert.equal([result.ending, result.exitCode], ["exited", 3]);
  assert.is((await run({ file: "no-such-program-here", args: [], feed, ...limits })).ending, "missing");
});

run("throws what its feed throws, and ends the program", async () => {
  const { run } = createHost();
  function* feed(): Generator<Uint8Array, undefined> {
    yield Buffer.from("first\n");
    fs.readFileSync("/no/such/file");
  }
  try {
    await run({ file: "sh", args: ["-c", "cat; sleep 300"], feed: feed(), ...limits });
    assert.unreachable();
  } catch (error) {
    assert.match(String(error), "ENOENT: no such file or directory, open '/no/such/file'");
  }
});

run("ends the whole process group after the time limit", async () => {
  const { run } = createHost();
  const result = await run({ file: "sh", args: ["-c", "sleep 300 & echo $!; wait"], timeoutMs: 300 });
  assert.is(result.ending, "timeout");
  assert.not(isRunning(Number(result.stdout)));
});

run("ends at the host's signal, and starts nothing afterwards", async () => {
  const stop = new AbortController();
  const { run } = createHost({ signal: stop.signal });
  const running = run({ file: "sh", args: ["-c", "trap '' TERM; sleep 300 & wait"], ...limits });
  stop.abort();
  assert.is((await running).ending, "cancelled");
  assert.is((await run({ file: "true", args: [], ...limits })).ending, "cancelled");
});

run("does not wait for a daemon that keeps the output open", async () => {
  const { run } = createHost();
  const result = await run({ file: "sh", args: ["-c", "sleep 300 & echo $!"], timeoutMs: 200_000 });
  const daemon = Number(result.stdout);
  assert.ok(isRunning(daemon));
  process.kill(daemon, "SIGKILL");
  assert.is(result.ending, "exited");
});

run("says that a signal killed the program", async () => {
  const { run } = createHost();
  assert.is((await run({ file: "sh", args: ["-c", "kill -9 $$"], ...limits })).ending, "killed");
});

run.run();
