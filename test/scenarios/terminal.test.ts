import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AgentRoot } from "../rig/agent.ts";
import { block } from "../rig/blocking.ts";
import { type Pty, type PtyOptions, startOnPty } from "../rig/pty.ts";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";

interface Context {
  machine: AgentRoot;
  /** Starts the program, and sees to it that it ends with the test. */
  start: typeof startOnPty;
  end: () => void;
}

const release = "6.1.0-1-amd64";
const terminal = suite<Context>("on a terminal");

terminal.before.each((context) => {
  const started: Pty[] = [];
  context.machine = quickMachine([release]);
  context.start = (...given) => {
    const pty = startOnPty(...given);
    started.push(pty);
    return pty;
  };
  context.end = () => {
    for (const pty of started) pty.kill();
  };
});
terminal.after.each(({ machine, end }) => {
  end();
  machine.remove();
});

/** What a program wrote on a terminal until it ended. */
async function written(words: readonly string[], options: PtyOptions = {}): Promise<string> {
  const pty = startOnPty(words, options);
  await pty.ended;
  return pty.written();
}

terminal("colours for people, none in pipes, none for who does not want them", async ({ machine }) => {
  quickModule(machine, "good");
  machine.want(wanted("good"));
  const words = ["plan", "--root", machine.root];
  assert.match(await written(words), "\u001b[32m+\u001b[39m");
  assert.not.match(await written([...words, "--no-color"]), "\u001b");
  assert.not.match(await written(words, { env: { NO_COLOR: "1" } }), "\u001b");
  assert.not.match(await written(words, { env: { TERM: "dumb" } }), "\u001b");
  assert.not.match((await machine.run("plan")).stdout, "\u001b");
});

terminal("apply leaves every line whole, and moves the cursor on a terminal alone", async ({ machine, start }) => {
  for (const name of ["good", "other"]) quickModule(machine, name);
  machine.want(`${wanted("good")}\n${wanted("other")}`);
  const pty = start(["apply", "--root", machine.root], { columns: 100 });
  assert.is(await pty.ended, 0, pty.screen());
  assert.match(pty.written(), "A\r\u001b[J");
  for (const name of ["good", "other"])
    assert.match(pty.screen(), new RegExp(`^ {2}\\+ install ${name}/1\\.0@${release}/x86_64: done in .*s$`, "m"));
  machine.want(`${wanted("good", "state: built")}\n${wanted("other")}`);
  assert.not.match(await machine.apply(), "\u001b");
});

for (const columns of [60, 200]) {
  terminal(`${columns} columns: what runs and the end are seen, and no line is broken`, async ({ machine, start }) => {
    const { line, reached, letGo } = block(machine.root, "make");
    quickModule(machine, "slow", { make: `sh ${machine.at("slow.sh")} && cp made/$kernelver.ko slow.ko` });
    fs.writeFileSync(machine.at("slow.sh"), `${line}\n`);
    quickModule(machine, "bad", { make: "sh -c 'echo it is the wrong day >&2; false'" });
    machine.want(`${wanted("slow")}\n${wanted("bad")}`);
    const pty = start(["apply", "--root", machine.root], { columns });
    await reached();
    // What is written at once may come in two pieces.
    await pty.shows(/^ {2}\S build slow\/1\.0@[^\n]* s\n.*^ {2}\d of \d steps done/ms);
    await pty.shows(/^ {4}\| it is the wrong day$/m);
    await letGo();
    assert.is(await pty.ended, 1);
    const after = pty.screen();
    assert.not.match(after, /of \d+ steps done/, "the progress is gone");
    assert.match(after, /^ {2}\+ slow\/1\.0@/m);
    assert.match(after, /^ {2}! bad\/1\.0@/m);
    assert.match(after, "make.log");
    assert.match(after, /^Failed: /m);
    // What a log says, and where it lies, is copied whole from a terminal that broke it.
    assert.equal(
      pty.broken().filter((line) => !/^ {4}(\||the whole log: )/.test(line)),
      [],
    );
  });
}
terminal.run();
