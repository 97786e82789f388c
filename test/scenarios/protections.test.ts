import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type AgentRoot, agentRoot } from "../rig/agent.ts";
import { machine } from "../rig/machine.ts";
import { differences, snapshot } from "../rig/snapshot.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { dkmsTree } from "../rig/tree-builder.ts";

const cli = path.join(import.meta.dirname, "../../dist/cli.cjs");
const release = os.release();

const protectedOnes = suite<{ host: AgentRoot }>("protected modules");

protectedOnes.before.each((context) => {
  context.host = agentRoot([]);
  dkmsTree(context.host.root).kernel("6.1.0-1").module("good/1.0").installed("6.1.0-1");
  dkmsTree(context.host.root).module("other/1.0").built("6.1.0-1");
});
protectedOnes.after.each(({ host }) => host.remove());

const good = (more: string) => `  - {name: good, version: "1.0", ${more}}`;
const prune = "kernels: [6.1.0-1]\nunlisted: prune";
const other = '  - {name: other, version: "1.0", state: built}';

protectedOnes("no plan takes them away, also without their entry, until a command lifts it", async ({ host }) => {
  host.want(`${good("protect: true")}\n${other}`, prune);
  await host.apply();
  const aside = ["journal.jsonl", "last-run.json"].map((name) => `var/lib/dkms/.dkms-agent/${name}`);
  const before = snapshot(host.root, aside);
  await host.apply();
  assert.equal(
    differences(before, snapshot(host.root, aside)).filter((line) => !/\.dkms-agent(\/lock)?$/.test(line)),
    [],
  );
  for (const modules of [other, `${good("state: added")}\n${other}`, `${good("state: absent")}\n${other}`]) {
    host.want(modules, prune);
    const planned = await host.run("plan");
    assert.is(planned.exitCode, 80);
    assert.match(
      planned.stdout,
      /\.yaml:\d+:\d+: error: good\/1\.0 is protected, and this plan would uninstall it for 6\.1\.0-1\. \[E_PROTECTED\]/,
    );
    const refused = await host.run("apply");
    assert.is(refused.exitCode, 80);
    assert.match(refused.stderr, "dkms-agent unprotect good/1.0");
    assert.is((await host.run("plan", "--out", host.at("x.plan"))).exitCode, 80);
    assert.not.ok(fs.existsSync(host.at("x.plan")));
    assert.is((await host.run("status")).exitCode, 0);
  }
  await host.apply(1, "--detailed-exitcode");
  assert.ok(fs.existsSync(host.at("lib/modules/6.1.0-1/updates/dkms/good.ko")));
  const mistyped = await host.run("unprotect", "goood/1.0");
  assert.is(mistyped.exitCode, 64);
  assert.match(mistyped.stderr, 'Did you mean "good/1.0"?');
  const lifted = await host.run("unprotect", "good");
  assert.is(lifted.exitCode, 0);
  assert.match(lifted.stdout, "good/1.0: not protected any more.");
  assert.is((await host.run("unprotect", "good", "--json")).exitCode, 64);
  await host.apply();
  assert.not.ok(fs.existsSync(host.at("var/lib/dkms/good")));
});

protectedOnes("unprotect tells in JSON what it has lifted, and what is still protected", async ({ host }) => {
  host.want(`${good("protect: true")}\n  - {name: other, version: "1.0", state: built, protect: true}`, prune);
  await host.apply();
  const { exitCode, stdout, stderr } = await host.run("unprotect", "good/1.0", "--json");
  const { lifted, protected: left } = JSON.parse(stdout);
  assert.equal([exitCode, stderr, lifted, left], [0, "", ["good/1.0"], ["other/1.0"]]);
});

protectedOnes("a document cannot protect what it wants absent, and says yes or no", async ({ host }) => {
  host.want(`${good("state: absent, protect: true")}\n  - {name: x, version: "1", protect: yes}`);
  const { exitCode, stdout } = await host.run("validate");
  assert.is(exitCode, 65);
  assert.match(stdout, "A module that is protected cannot be wanted absent. [E_CONFLICT]");
  assert.match(stdout, '"yes" is neither true nor false. [E_BAD_VALUE]');
  assert.match(stdout, "Write true.");
});
protectedOnes.run();

const loaded = suite("modules that are loaded");

testNeeding(loaded, ["root"], "are not uninstalled from the running kernel, unless that is allowed", () => {
  const host = machine();
  const tree = dkmsTree(host.root);
  tree.kernel(release).module("good/1.0").installed(release);
  tree.write("sys/module/good/initstate", "live\n");
  const document = tree.write(
    "m.yaml",
    'apiVersion: dkms-agent/v1\nmodules:\n  - {name: good, version: "1.0", state: absent}\n',
  );
  const run = (...words: string[]) =>
    host.run([
      "sh",
      "-c",
      'mount --bind "$0" /sys/module && exec "$@"',
      tree.at("sys/module"),
      process.execPath,
      cli,
      ...words,
      "-f",
      document,
      "--allow-insecure-files",
    ]);
  for (const command of ["plan", "apply"]) {
    const { exitCode, stdout, stderr } = run(command);
    assert.is(exitCode, 80, stderr);
    assert.match(stdout + stderr, /good\/1\.0 is in use: good is loaded, .* \[E_IN_USE\](.|\n)*modprobe -r good/);
  }
  assert.ok(fs.existsSync(tree.at("lib/modules", release, "updates/dkms/good.ko")));
  const { exitCode, stderr } = run("apply", "--allow-in-use");
  assert.is(exitCode, 0, stderr);
  assert.not.ok(fs.existsSync(tree.at("var/lib/dkms/good")));
  host.remove();
});
loaded.run();
