import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AgentRoot } from "../rig/agent.ts";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";

const release = "6.1.0-1-amd64";
const validate = suite<{ machine: AgentRoot }>("validate");

validate.before.each((context) => {
  context.machine = quickMachine([release]);
});
validate.after.each(({ machine }) => machine.remove());

async function warnings(machine: AgentRoot) {
  const { exitCode, stdout } = await machine.run("validate", "--json");
  assert.is(exitCode, 0, stdout);
  const { valid, error_count, warning_count, diagnostics } = JSON.parse(stdout);
  assert.equal([valid, error_count, warning_count], [true, 0, diagnostics.length]);
  return diagnostics;
}

validate("a selector that chooses no kernel here is a warning, with the line it is about", async ({ machine }) => {
  quickModule(machine, "evdi");
  machine.want(wanted("evdi", 'kernels: [{match: "6.6.*"}, installed]'));
  const [first, ...more] = await warnings(machine);
  assert.equal(more, []);
  assert.is(first.code, "W_NO_KERNEL_MATCHES");
  assert.match(first.message, 'match: "6.6.*"');
  assert.equal(first.range, { line: 4, column: 5, end_line: 4, end_column: 6 });
  assert.match(first.snippet.text, /^ {2}- \{name: evdi, /);
  assert.equal([first.snippet.caret_column, first.snippet.caret_length], [5, 1]);
  assert.match((await machine.run("validate")).stdout, /^ {4}\| {5}\^$/m);
  assert.match((await machine.run("plan")).stdout, /^ {4}\| {5}\^$/m, "plan shows it in the same way");
});

validate("a version that is not the newest in the source tree is a warning", async ({ machine }) => {
  quickModule(machine, "evdi");
  quickModule(machine, "evdi", { version: "1.10" });
  quickModule(machine, "evdi-utils", { version: "9" });
  machine.want(wanted("evdi"));
  const [first, ...more] = await warnings(machine);
  assert.equal([first.code, more.length], ["W_NOT_NEWEST", 0]);
  assert.match(first.message, "the source tree has 1.10");
  assert.match(first.hint, "version: 1.10");
  machine.want(`${wanted("evdi", "state: built")}\n  - {name: evdi, version: "1.10"}`);
  assert.equal(await warnings(machine), [], "whoever lists both has chosen");
  machine.want(wanted("evdi", "state: absent"));
  assert.equal(await warnings(machine), []);
});

validate("an option without effect is a warning", async ({ machine }) => {
  quickModule(machine, "evdi");
  machine.want(wanted("evdi", "state: added, timeout: 5m"));
  const [first] = await warnings(machine);
  assert.is(first.code, "W_NO_EFFECT");
  assert.match(first.snippet.text, "timeout: 5m");
});

validate("where there is no kernel at all, nothing is said about kernels", async ({ machine }) => {
  const empty = quickMachine([]);
  try {
    machine.want(wanted("evdi", 'kernels: ["6.6.1"]'));
    const { stdout } = await empty.run("validate", "-f", machine.at("etc/dkms-agent/desired-state"));
    assert.is(stdout, "Valid: 1 document, 1 module.\n");
  } finally {
    empty.remove();
  }
});

validate("all problems at once: 65, and each of them in JSON", async ({ machine }) => {
  machine.want('  - {name: evdi, verison: "1.0"}\n  - {name: evdi, version: "1.0", state: here}');
  const { exitCode, stdout } = await machine.run("validate", "--json");
  assert.is(exitCode, 65);
  const { valid, error_count, diagnostics } = JSON.parse(stdout);
  assert.equal([valid, error_count], [false, 3]);
  const codes = diagnostics.map(({ code }: { code: string }) => code).sort();
  assert.equal(codes, ["E_BAD_VALUE", "E_MISSING_KEY", "E_UNKNOWN_KEY"]);
});
validate.run();
