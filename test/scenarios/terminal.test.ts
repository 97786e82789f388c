import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AgentRoot } from "../rig/agent.ts";
import { type PtyOptions, startOnPty } from "../rig/pty.ts";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";

interface Context {
  machine: AgentRoot;
}

const release = "6.1.0-1-amd64";
const terminal = suite<Context>("on a terminal");

terminal.before.each((context) => {
  context.machine = quickMachine([release]);
});
terminal.after.each(({ machine }) => machine.remove());

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

terminal("apply leaves every line whole, and moves the cursor on a terminal alone", async ({ machine }) => {
  for (const name of ["good", "other"]) quickModule(machine, name);
  machine.want(`${wanted("good")}\n${wanted("other")}`);
  const pty = startOnPty(["apply", "--root", machine.root], { columns: 100 });
  assert.is(await pty.ended, 0, pty.screen());
  assert.match(pty.written(), "\u001b[1A");
  for (const name of ["good", "other"])
    assert.match(pty.screen(), new RegExp(`^ {2}\\+ install ${name}/1\\.0@${release}/x86_64: done in \\d+ ms$`, "m"));
  machine.want(`${wanted("good", "state: built")}\n${wanted("other")}`);
  assert.not.match(await machine.apply(), "\u001b");
});
terminal.run();
