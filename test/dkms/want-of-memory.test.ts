import { suite } from "uvu";
import * as assert from "uvu/assert";
import { wantOfMemory } from "../../src/dkms/want-of-memory.ts";
import { createHost } from "../../src/host/create-host.ts";
import type { CommandResult } from "../../src/host/run.ts";
import { testNeeding } from "../rig/test-needing.ts";

const starved = suite("wantOfMemory");

const failed: CommandResult = { ending: "exited", exitCode: 2, stdout: "", stderr: "", durationMs: 0 };

/** The code that follows from what a program wrote and how it ended. */
function codeOf(said: string, more: Partial<CommandResult> = {}): string | undefined {
  return wantOfMemory({ ...failed, ...more }, "the build", said)?.code;
}

/** Real programs, each with too little memory to do what it is asked. */
const programs: Readonly<Record<string, string>> = {
  "a compiler": "ulimit -v 60000; echo 'int x[] = {[0 ... 9999999] = 1};' | gcc -S -x c -o /dev/null -",
  "a compiler that cannot be loaded": "ulimit -v 40000; gcc -S -x c -o /dev/null /dev/null",
  "a linker": `ulimit -v 30000; ld -r -b binary '${process.execPath}' -o /dev/null`,
  "a shell that may have no process": "setpriv --reuid=54321 --clear-groups prlimit --nproc=1 sh -c 'true | true'",
  xz: "ulimit -v 30000; xz -9 -c /dev/zero > /dev/null",
};

for (const [title, script] of Object.entries(programs))
  testNeeding(starved, ["root", "gcc", "make"], `knows it from what ${title} says`, async () => {
    const result = await createHost().run({ file: "bash", args: ["-c", script], timeoutMs: 20_000 });
    const failure = wantOfMemory(result, "the build", result.stderr);
    assert.is(failure?.code, "E_NO_MEMORY", `${result.ending} ${result.exitCode}: ${result.stderr}`);
    assert.match(
      failure?.message ?? "",
      /^(Memory ran out|The system allowed no more processes) during the build: ".+"\.$/,
    );
  });

starved("is sure of it where the kernel has ended a program meanwhile", () => {
  const said = "make[1]: *** [Makefile:3: x.o] Error 137";
  assert.is(codeOf(said, { oomKilled: true }), "E_NO_MEMORY");
  assert.is(codeOf("", { ending: "killed", exitCode: -1, oomKilled: true }), "E_NO_MEMORY");
  assert.is(codeOf(said, { oomKilled: false }), "E_KILLED");
  assert.is(codeOf(said), "E_KILLED");
});

for (const said of [
  "gcc: fatal error: Killed signal terminated program cc1",
  "make[1]: *** [Makefile:3: x.o] Killed",
  "Killed",
  "/bin/sh: line 1: 12345 Killed                  pahole -J x.ko",
  "bash: line 1:   123 Killed  make",
])
  starved(`knows by what it says that something was killed: ${said}`, () => {
    assert.is(codeOf(`CC x.o\n${said}\nmore\n`), "E_KILLED");
  });

for (const said of [
  "x.c:3:5: error: expected ';'",
  '    3 |   printk("x: Cannot allocate memory");',
  "x.c:3: warning: the thread is Killed",
  "  LD [M]  out of memory",
])
  starved(`takes a fault of the source for one, also beside a program that the kernel has ended: ${said}`, () => {
    assert.is(codeOf(`CC x.o\n${said}\n`, { oomKilled: true }), undefined);
  });

starved("says nothing of what succeeded, or was ended by the program itself", () => {
  assert.is(codeOf("Killed", { exitCode: 0 }), undefined);
  assert.is(codeOf("Killed", { ending: "timeout", exitCode: -1 }), undefined);
});

starved.run();
