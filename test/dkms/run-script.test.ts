import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runFinalScript, runScript } from "../../src/dkms/run-script.ts";
import { createHost } from "../../src/host/create-host.ts";

const running = suite<{ directory: string }>("runScript");

running.before.each((context) => {
  context.directory = fs.mkdtempSync(path.join(os.tmpdir(), "run-script-"));
});
running.after.each(({ directory }) => fs.rmSync(directory, { recursive: true }));

function script(directory: string, text: string, mode = 0o755): void {
  fs.writeFileSync(path.join(directory, "x.sh"), text);
  fs.chmodSync(path.join(directory, "x.sh"), mode);
}

function request(directory: string, line: string | undefined, timeoutMs = 20_000) {
  return { name: "PRE_BUILD", line, directory, env: { kernelver: "6.1" }, timeoutMs };
}

function written(directory: string): string {
  return fs.readFileSync(path.join(directory, "out"), "utf8");
}

running("splits arguments at white space and globs them, and knows no quotes, as dell/dkms", async ({ directory }) => {
  script(directory, '#!/bin/sh\nprintf "<%s>" "$@" > out\n');
  for (const name of ["a.c", "b.c"]) fs.writeFileSync(path.join(directory, name), "");
  assert.equal(await runScript(createHost(), request(directory, "x.sh  'a b'\n *.c $HOME")), { ok: true, value: [] });
  assert.is(written(directory), "<'a><b'><a.c><b.c><$HOME>");
});

running(
  "runs a script without an interpreter line by bash, in its directory, with umask 022",
  async ({ directory }) => {
    script(directory, 'echo "$(test -n "$BASH_VERSION" && echo bash) $PWD $kernelver $(umask)" > out\n');
    await runScript(createHost(), request(directory, "x.sh"));
    assert.is(written(directory), `bash ${directory} 6.1 0022\n`);
  },
);

running("has nothing to do without a line", async ({ directory }) => {
  for (const line of [undefined, "", "  "])
    assert.equal(await runScript(createHost(), request(directory, line)), { ok: true, value: [] });
});

running("skips a script that is absent, or not executable, and says so", async ({ directory }) => {
  const absent = await runScript(createHost(), request(directory, "none.sh"));
  assert.match(absent.ok ? absent.value.join() : "", /PRE_BUILD is skipped: .*none\.sh is not there/);
  script(directory, "touch out", 0o644);
  const plain = await runScript(createHost(), request(directory, "x.sh"));
  assert.match(plain.ok ? plain.value.join() : "", /PRE_BUILD is skipped: .*x\.sh is not executable/);
  assert.not.ok(fs.existsSync(path.join(directory, "out")));
});

running("refuses what lies outside, also behind a link", async ({ directory }) => {
  fs.mkdirSync(path.join(directory, "inside"));
  script(directory, "touch out");
  fs.symlinkSync("../x.sh", path.join(directory, "inside/link.sh"));
  for (const line of ["../x.sh", "link.sh"]) {
    const result = await runScript(createHost(), request(path.join(directory, "inside"), line));
    assert.is(result.ok ? "" : result.error.code, "E_OUTSIDE_TREE");
  }
  assert.not.ok(fs.existsSync(path.join(directory, "out")));
});

running("follows a link that stays inside", async ({ directory }) => {
  script(directory, "touch out");
  fs.symlinkSync("x.sh", path.join(directory, "link.sh"));
  assert.ok((await runScript(createHost(), request(directory, "link.sh"))).ok);
  assert.is(written(directory), "");
});

running("fails with the script's own exit code and last words", async ({ directory }) => {
  script(directory, "echo first >&2; echo sorry >&2; exit 42");
  const result = await runScript(createHost(), request(directory, "x.sh"));
  assert.is(result.ok ? 0 : result.error.dkmsExit, 42);
  assert.match(result.ok ? "" : result.error.message, /exit code 42: .*x\.sh said "sorry"/);
});

running("ends a script whose time is over", async ({ directory }) => {
  script(directory, "sleep 300");
  const result = await runScript(createHost(), request(directory, "x.sh", 200));
  assert.is(result.ok ? "" : result.error.code, "E_TIMEOUT");
});

running("makes a failure that changes nothing any more a notice, but not a stop", async ({ directory }) => {
  script(directory, "exit 1");
  const result = await runFinalScript(createHost(), request(directory, "x.sh"));
  assert.match(result.ok ? result.value.join() : "", /failed with exit code 1/);
  const stopped = createHost({ signal: AbortSignal.abort() });
  const stop = await runFinalScript(stopped, request(directory, "x.sh"));
  assert.is(stop.ok ? "" : stop.error.code, "E_CANCELLED");
});

running.run();
