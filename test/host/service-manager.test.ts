import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Command, CommandResult } from "../../src/host/run.ts";
import { findServiceManager } from "../../src/host/service-manager.ts";

const said: CommandResult = { ending: "exited", exitCode: 0, stdout: "", stderr: "", durationMs: 0 };

const manager = suite("findServiceManager");

manager("is nobody where nobody listens", () => {
  const run = () => Promise.resolve(said);
  assert.is(findServiceManager(run, {}), undefined);
  assert.is(findServiceManager(run, { NOTIFY_SOCKET: "" }), undefined);
});

manager("is told one thing after the other, each as one line, also at the end", async () => {
  const commands: Command[] = [];
  const waiting: (() => void)[] = [];
  const run = (command: Command) => {
    commands.push(command);
    return new Promise<CommandResult>((resolve) => waiting.push(() => resolve(said)));
  };
  const found = findServiceManager(run, { NOTIFY_SOCKET: "/run/notify" });
  const first = found?.notify(["READY=1", "STATUS=two\nlines"]);
  const second = found?.notify(["WATCHDOG=1"]);
  await Promise.resolve();
  assert.is(commands.length, 1);
  waiting[0]?.();
  assert.is(await first, true);
  waiting[1]?.();
  assert.is(await second, true);
  const [one, two] = commands;
  assert.equal(one?.args, ["READY=1", "STATUS=two lines"]);
  assert.equal(two?.args, ["WATCHDOG=1"]);
  assert.equal(
    [one?.file, one?.env, one?.evenWhenStopping],
    ["systemd-notify", { NOTIFY_SOCKET: "/run/notify" }, true],
  );
});

manager("says when it could not be told", async () => {
  for (const result of [{ ...said, ending: "missing", exitCode: -1 } as const, { ...said, exitCode: 1 }]) {
    const found = findServiceManager(() => Promise.resolve(result), { NOTIFY_SOCKET: "@abstract" });
    assert.is(await found?.notify(["READY=1"]), false);
  }
});

manager("wants a pulse only of the process that it means", () => {
  const watchdogOf = (env: NodeJS.ProcessEnv) =>
    findServiceManager(() => Promise.resolve(said), { NOTIFY_SOCKET: "/n", ...env })?.watchdogMs;
  assert.is(watchdogOf({}), undefined);
  assert.is(watchdogOf({ WATCHDOG_USEC: "3000000" }), 3000);
  assert.is(watchdogOf({ WATCHDOG_USEC: "3000000", WATCHDOG_PID: String(process.pid) }), 3000);
  assert.is(watchdogOf({ WATCHDOG_USEC: "3000000", WATCHDOG_PID: "1" }), undefined);
  for (const USEC of ["", "0", "x", "-1"]) assert.is(watchdogOf({ WATCHDOG_USEC: USEC }), undefined);
});

manager.run();
