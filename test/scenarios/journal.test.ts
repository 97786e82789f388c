import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runAgent } from "../rig/agent.ts";
import { quickMachine, wanted } from "../rig/quick-machine.ts";

const journal = suite("a run whose output goes to the journal");

const stream = 'JOURNAL_STREAM="$(stat --dereference --format %d:%i /proc/$$/fd/1)"; export JOURNAL_STREAM';

journal("has a priority in front of each line, and none in front of JSON", async () => {
  const machine = quickMachine();
  const prefix = ["sh", "-c", `${stream}; exec "$@" 2>&1`, "sh"];
  const linesOf = async (...options: readonly string[]) => {
    const { stdout } = await runAgent(machine.root, ["apply", ...options], { prefix });
    return stdout.trimEnd().split("\n");
  };
  machine.want("");
  assert.equal(await linesOf(), ["<6>Nothing to do: no instance is wanted here, and nothing is in the way."]);
  machine.want(wanted("evdi"));
  const blocked = await linesOf();
  assert.ok(
    blocked.some((line) => /^<4> +! evdi.*blocked/.test(line)),
    blocked.join("\n"),
  );
  machine.want(wanted("evdi", "nmae: x"));
  const broken = await linesOf();
  assert.ok(broken.length > 2 && broken.every((line) => line.startsWith("<3>")), broken.join("\n"));
  for (const line of await linesOf("--json")) assert.is(line[0], "{");
  machine.remove();
});

journal.run();
