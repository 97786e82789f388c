import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AgentRoot } from "../rig/agent.ts";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";
import { differences, snapshot } from "../rig/snapshot.ts";

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
  const { text, caret_column, caret_length } = first.snippet;
  assert.is(text.slice(caret_column - 1, caret_column - 1 + caret_length), 'match: "6.6.*"');
  assert.equal([first.range.line, first.range.column], [4, caret_column]);
  const carets = new RegExp(`^ {4}\\| {${caret_column}}\\^{${caret_length}}$`, "m");
  assert.match((await machine.run("plan")).stdout, carets, "plan shows it in the same way");
});

validate("what the document says for all modules is told once, where it stands", async ({ machine }) => {
  for (const name of ["evdi", "v4l2loopback"]) quickModule(machine, name);
  machine.want(`${wanted("evdi")}\n${wanted("v4l2loopback")}`, 'kernels: [installed, "6.6.1"]');
  const [first, ...more] = await warnings(machine);
  assert.equal(more, []);
  assert.match(first.message, "chosen by 6.6.1, for evdi, v4l2loopback");
  assert.is(first.snippet.text, 'kernels: [installed, "6.6.1"]');
  assert.is(first.snippet.caret_column, 22);
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
  const { text, caret_column, caret_length } = first.snippet;
  assert.is(text.slice(caret_column - 1, caret_column - 1 + caret_length), '"1.0"');
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
validate("a candidate is judged as if it stood there, and planned so, and nothing is written", async ({ machine }) => {
  quickModule(machine, "evdi");
  quickModule(machine, "jool");
  machine.want(wanted("evdi"));
  const candidate = machine.at("candidate.yaml");
  fs.writeFileSync(candidate, `apiVersion: dkms-agent/v1\nmodules:\n${wanted("jool", "kernels: [9.9.9]")}\n`);
  const place = machine.at("etc/dkms-agent/desired-state/jool.yaml");
  const words = ["--candidate", candidate, "--in-place-of", place, "--json"];
  const before = snapshot(machine.root);
  const validated = JSON.parse((await machine.run("validate", ...words)).stdout);
  const [first] = validated.diagnostics;
  assert.equal([validated.valid, first.code, first.file], [true, "W_NO_KERNEL_MATCHES", place]);
  assert.match(first.snippet.text, "jool");
  const planned = JSON.parse((await machine.run("plan", ...words)).stdout);
  assert.is(planned.blocked[0].source.file, place);
  assert.equal(planned.changes.length, 1);
  assert.is((await machine.run("validate", "--candidate", candidate, "--in-place-of", "/x.yaml")).exitCode, 64);
  assert.is((await machine.run("plan", "--candidate", candidate, "--in-place-of", "/x.yaml")).exitCode, 64);
  assert.equal(differences(before, snapshot(machine.root)), []);
});

validate("a plan with a candidate is carried out when it is in its place, and not before", async ({ machine }) => {
  quickModule(machine, "evdi");
  machine.want("");
  const candidate = machine.at("modules.yaml");
  fs.writeFileSync(candidate, `apiVersion: dkms-agent/v1\nkernels: [with-headers]\nmodules:\n${wanted("evdi")}\n`);
  const plan = machine.at("saved.plan");
  assert.is((await machine.run("plan", "--candidate", candidate, "--out", plan)).exitCode, 0);
  assert.is((await machine.run("apply", plan)).exitCode, 79);
  fs.renameSync(candidate, machine.at("etc/dkms-agent/desired-state/modules.yaml"));
  assert.match(await machine.apply(0, plan), "install evdi/1.0");
});

validate("settings are checked before they are put in their place, whatever is there now", async ({ machine }) => {
  fs.writeFileSync(machine.at("etc/dkms-agent/config.yaml"), "broken: [");
  const file = machine.at("new-config.yaml");
  fs.writeFileSync(file, "jobs: 4\n");
  const good = await machine.run("validate", "--settings", file);
  assert.equal([good.exitCode, good.stdout], [0, `Valid: ${file}.\n`]);
  assert.is(JSON.parse((await machine.run("validate", "--settings", file, "--json")).stdout).valid, true);
  assert.equal(await machine.run("validate", "--settings", file, "-q").then(({ stdout }) => stdout), "");
  fs.writeFileSync(file, "jbos: 4\n");
  const bad = await machine.run("validate", "--settings", file);
  assert.is(bad.exitCode, 65);
  assert.match(bad.stdout, /new-config\.yaml:1:1: error: .*jbos(.|\n)*"jobs"(.|\n)*Invalid: 1 error/);
  assert.is((await machine.run("validate", "--settings", machine.at("none"))).exitCode, 65);
  assert.is((await machine.run("validate", "--settings", file, "-f", "x")).exitCode, 64);
});

validate.run();
