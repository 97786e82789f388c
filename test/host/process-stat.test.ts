import { spawn } from "node:child_process";
import process from "node:process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { processStart, processStat } from "../../src/host/process-stat.ts";

const stat = suite("processStat");

stat("tells parent and group, also of a program whose name looks like what follows it", async () => {
  const script = 'printf ") S 1 2 3" > /proc/self/comm; echo ready; read -r word';
  const child = spawn("sh", ["-c", script], { stdio: ["pipe", "pipe", "inherit"], detached: true });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const over = new Promise((resolve) => child.once("close", resolve));
  const { pid = 0 } = child;
  try {
    const [, parent, group] = processStat(pid);
    assert.equal([Number(parent), Number(group)], [process.pid, pid]);
    assert.match(processStart(pid) ?? "", /^\d+$/);
    assert.is(processStart(process.pid), processStart("self"));
    assert.ok(Number(processStart(pid)) >= Number(processStart("self")), "it began after this one");
  } finally {
    child.stdin.end("\n");
    await over;
  }
  assert.equal([processStat(pid), processStart(pid)], [[], undefined]);
});

stat.run();
