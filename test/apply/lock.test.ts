import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ApplyEvent } from "../../src/apply/event.ts";
import { lockHolder, withLock } from "../../src/apply/lock.ts";
import { succeed } from "../../src/dkms/failure.ts";
import { lockFile } from "../../src/dkms/state-layout.ts";
import { createHost } from "../../src/host/create-host.ts";
import { localFiles } from "../../src/host/local-files.ts";
import { runAgent } from "../rig/agent.ts";
import { block } from "../rig/blocking.ts";
import { isRunning } from "../rig/is-running.ts";

const lock = suite("withLock");
const root = mkdtempSync(path.join(os.tmpdir(), "dkms-agent-lock-"));
const host = createHost({ root });
const silently = { lockTimeoutMs: 0, emit: () => {} };

lock.after(() => rmSync(root, { recursive: true }));

lock("holds a flock that plain flock(1) sees, and lets go of it", async () => {
  const isFree = () => spawnSync("flock", ["--nonblock", lockFile(host.paths), "true"]).status === 0;
  const result = await withLock(host, silently, async () => succeed(isFree()));
  assert.equal(result, succeed(false));
  assert.ok(isFree());
});

lock("tells who holds it, and nobody when it was let go or its holder was killed", async () => {
  const result = await withLock(host, silently, async () => succeed(lockHolder(host)));
  assert.is(result.ok && result.value?.pid, String(process.pid));
  assert.match((result.ok && result.value?.text) || "", new RegExp(`^process ${process.pid}, since 2`));
  assert.is(lockHolder(host), undefined);
  writeFileSync(lockFile(host.paths), JSON.stringify({ pid: process.pid, start: "1" }));
  assert.is(lockHolder(host), undefined, "another process has its number by now");
  const moreThanLinuxHas = 4_194_305;
  writeFileSync(lockFile(host.paths), JSON.stringify({ pid: moreThanLinuxHas }));
  assert.is(lockHolder(host), undefined);
});

lock("can be had by nobody else than its owner, whoever may look into the tree", async () => {
  for (const mode of [0o644, 0o600]) {
    assert.is((await withLock(host, silently, async () => succeed(1))).ok, true);
    assert.is(statSync(lockFile(host.paths)).mode & 0o777, 0o600);
    chmodSync(lockFile(host.paths), mode);
  }
});

lock("lets something be read while the lock is sought, once, and before the work", async () => {
  const order: string[] = [];
  const meanwhile = () => order.push("meanwhile");
  await withLock(host, { ...silently, meanwhile }, async () => succeed(order.push("work")));
  assert.equal(order, ["meanwhile", "work"]);
});

lock("lets go when the work throws", async () => {
  try {
    await withLock(host, silently, () => Promise.reject(new Error("a bug")));
    assert.unreachable();
  } catch (error) {
    assert.match(error instanceof Error ? error.message : "", "a bug");
  }
  assert.ok((await withLock(host, silently, async () => succeed(1))).ok);
});

lock("says who holds it when the time is up, and announces the wait once", async () => {
  const events: ApplyEvent[] = [];
  const emit = (event: ApplyEvent) => events.push(event);
  await withLock(host, { ...silently, doing: "dkms install" }, async () => {
    const second = await withLock(host, { lockTimeoutMs: 300, emit }, async () => succeed("never"));
    assert.is(second.ok, false);
    if (!second.ok) {
      assert.is(second.error.code, "E_LOCKED");
      assert.match(second.error.message, `process ${process.pid} (dkms install), since`);
    }
    return succeed(undefined);
  });
  assert.equal(
    events.map(({ type }) => type),
    ["lock_wait"],
  );
});

lock("is shared with what its holder has started, and with nobody who only says so", async () => {
  const asked = (env: Record<string, string>) => runAgent(root, ["apply", "--lock-timeout", "0"], { env });
  const document = path.join(root, "etc/dkms-agent/desired-state/none.yaml");
  localFiles.makeDirectory(path.dirname(document));
  localFiles.writeAtomic(document, "apiVersion: dkms-agent/v1\nkernels: [installed]\nmodules: []\n");
  await withLock(host, silently, async () => {
    assert.is((await asked({ DKMS_AGENT_RUN: host.mark })).exitCode, 0);
    assert.is((await asked({})).exitCode, 75);
    assert.is((await asked({ DKMS_AGENT_RUN: `${host.mark}0` })).exitCode, 75);
    // Somebody else's process, whose child this is not.
    localFiles.writeAtomic(path.join(root, "claim"), JSON.stringify({ pid: process.pid + 1, run: host.mark }));
    spawnSync("sh", ["-c", `cat ${path.join(root, "claim")} > ${lockFile(host.paths)}`]);
    assert.is((await asked({ DKMS_AGENT_RUN: host.mark })).exitCode, 75);
    return succeed(undefined);
  });
});

lock("gets it as soon as the holder lets go", async () => {
  const held = deferred();
  const waits = deferred();
  const holding = withLock(host, silently, async () => {
    await held.promise;
    return succeed("first");
  });
  await untilHeld();
  const waiting = withLock(host, { lockTimeoutMs: 20_000, emit: waits.resolve }, async () => succeed("second"));
  await waits.promise;
  held.resolve();
  assert.equal([await holding, await waiting], [succeed("first"), succeed("second")]);
});

lock(
  "is not had by removing its file: who holds it is waited for, and whoever waits gets it after the next",
  async () => {
    const held = deferred();
    const waits = deferred();
    const holding = withLock(host, { ...silently, doing: "apply" }, async () => {
      await held.promise;
      return succeed("first");
    });
    await untilHeld();
    const waiting = withLock(host, { lockTimeoutMs: 20_000, emit: waits.resolve }, async () => succeed("second"));
    await waits.promise;
    rmSync(lockFile(host.paths));
    for (const _ of ["it is told", "and told again"]) {
      const third = await withLock(host, silently, async () => succeed("never"));
      assert.match(third.ok ? "" : third.error.message, `process ${process.pid} (apply), since`);
    }
    held.resolve();
    assert.equal([await holding, await waiting], [succeed("first"), succeed("second")]);
    assert.equal(await withLock(host, silently, async () => succeed("fourth")), succeed("fourth"));
  },
);

lock("ends what a run that was killed has left running, and nothing of one that was not", async () => {
  const killed = createHost({ root });
  const stop = block(root, "stop");
  const over = killed.run({ file: "sh", args: ["-c", stop.line], timeoutMs: 60_000 });
  const pid = await stop.reached();
  assert.equal(await withLock(host, silently, async () => succeed(isRunning(pid))), succeed(true));
  localFiles.writeAtomic(lockFile(host.paths), `{"pid":1,"run":"${killed.mark}"}\n`);
  assert.equal(await withLock(host, silently, async () => succeed(isRunning(pid))), succeed(false));
  assert.is((await over).ending, "killed");
});

lock("takes anything that stands in the file for another program", async () => {
  localFiles.writeAtomic(lockFile(host.paths), "not JSON");
  const holder = await withLock(host, silently, async () => succeed(localFiles.readText(lockFile(host.paths))));
  assert.ok(holder.ok && JSON.parse(holder.value ?? "").pid === process.pid);
});

lock("says in flock's words why the file cannot be locked, which is no other run", async () => {
  const refusing = {
    exitCode: 1,
    stdout: "",
    stderr: "flock: 3: No locks available\n",
    durationMs: 0,
    ending: "exited",
  } as const;
  const result = await withLock({ ...host, run: async () => refusing }, silently, async () => succeed("never"));
  assert.is(result.ok ? "" : result.error.code, "E_IO");
  assert.match(result.ok ? "" : result.error.message, "could not be locked: flock: 3: No locks available.");
});

lock("fails when the tree cannot be written to", async () => {
  const files = {
    ...localFiles,
    makeDirectory: () => {
      throw Object.assign(new Error("read-only"), { code: "EROFS", syscall: "mkdir", path: root });
    },
  };
  const result = await withLock({ ...host, files }, silently, async () => succeed(1));
  assert.is(result.ok ? "" : result.error.code, "E_READ_ONLY");
});

lock("fails when flock is missing", async () => {
  const poor = createHost({ root, searchPath: "/nowhere" });
  const result = await withLock(poor, silently, async () => succeed(1));
  assert.is(result.ok ? "" : result.error.code, "E_NO_TOOL");
});

lock.run();

/** Of two that begin at once, nobody knows which one gets it. */
async function untilHeld(): Promise<void> {
  while (!lockHolder(host)) await new Promise(setImmediate);
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}
