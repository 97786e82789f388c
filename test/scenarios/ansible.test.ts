import fs from "node:fs";
import path from "node:path";
import * as assert from "uvu/assert";
import type { AgentRoot } from "../rig/agent.ts";
import { desiredState, moduleTask, stateTask, type TaskFields, writeDocument, writeOwn } from "../rig/ansible.ts";
import { ansibleSuite } from "../rig/ansible-suite.ts";
import { quickModule, wanted } from "../rig/quick-machine.ts";
import { differences, snapshot } from "../rig/snapshot.ts";

const release = "6.1.0-1-amd64";
const collection = ansibleSuite("the Ansible collection");

/** What check mode can know. */
function essence({ changed, diff, changes, blocked, not_applicable, warnings, document }: TaskFields) {
  return { changed, diff, changes, blocked, not_applicable, warnings, document };
}

collection.test(
  "check mode says exactly what the real run then changes, --diff shows it, and the second run changes nothing",
  async ({ ansible, machine }) => {
    const host = machine("evdi", "jool", "later", "old", "up");
    quickModule(host, "up", { version: "2.0" });
    for (const name of ["jool", "old", "up"]) writeOwn(host, name);
    const related = machine("far");
    fs.renameSync(related.at("usr/src/far-1.0"), related.at(desiredState, "far"));
    const pruned = machine("evdi");
    writeDocument(pruned, "a.yaml", wanted("evdi"));
    writeDocument(pruned, "z.yaml", "", "unlisted: prune\n");
    const exposed = machine("evdi");
    writeDocument(exposed, "open.yaml", wanted("evdi"));
    fs.copyFileSync(exposed.at(desiredState, "open.yaml"), path.join(ansible.directory, "open.yaml"));
    for (const each of [host, pruned, exposed]) await each.apply();
    fs.rmSync(host.at("lib/modules", release, "updates/dkms/jool.ko"));
    fs.chmodSync(exposed.at(desiredState, "open.yaml"), 0o666);
    const tasks = [
      moduleTask(host, "evdi", { directives: { STRIP: false }, timeout: "5m" }),
      moduleTask(host, "jool"),
      moduleTask(host, "up", { version: "2.0", backup: true }),
      { ...moduleTask(host, "old", { state: "absent" }), name: "old, absent" },
      moduleTask(host, "later", { kernels: [{ match: "6.*" }, "9.9.9-1-amd64"], blocked: "warn" }),
      stateTask(related, "far", {
        modules: [{ name: "far", version: "1.0", source: "./far", kernels: ["with-headers"] }],
      }),
      stateTask(pruned, "a", { state: "absent" }),
      stateTask(exposed, "open", { src: "open.yaml" }),
    ];
    const book = ansible.book(tasks);
    const roots = [host, related, pruned, exposed].map(({ root }) => root);
    const before = roots.map((root) => snapshot(root));
    const predicted = await ansible.play(book, ["--check", "--diff"]);
    const after = roots.map((root) => snapshot(root));
    assert.equal(
      before.flatMap((look, at) => differences(look, after[at] ?? new Map())),
      [],
      "check mode writes nothing",
    );
    const real = await ansible.play(book, ["--diff"]);
    for (const { exitCode, stdout } of [predicted, real]) assert.is(exitCode, 0, stdout);
    for (const [at, { name }] of tasks.entries()) {
      const [said, done] = [predicted, real].map((played) => played.tasks[at]?.result ?? {});
      assert.equal(said && essence(said), done && essence(done), name);
      assert.is(done?.changed, true, `${name} changes something`);
    }
    assert.match(real.stdout, /\n-evdi\/1\.0@6\.1\.0-1-amd64\/x86_64: absent \(.*\)\n\+evdi\/1\.0@\S+: installed\n/);
    assert.match(real.stdout, /\n-jool\/1\.0@\S+: installed \(jool\.ko is gone .*\)\n\+jool\/1\.0@\S+: installed\n/);
    assert.match(real.stdout, /\n-mode 0666, owner 0\n\+mode 0644, owner 0\n/);
    const again = await ansible.play(book);
    assert.equal(
      again.tasks.map(({ task, status, result: { changed, changes, diff } }) => [task, status, changed, changes, diff]),
      tasks.map(({ name }) => [name, "ok", false, [], []]),
    );
    const backups = fs.readdirSync(host.at(desiredState)).filter((name) => name.endsWith("~"));
    assert.match(backups.join(), /^up\.yaml\./);
    assert.equal(installedIn(host), ["evdi.ko", "jool.ko", "later.ko", "up.ko"]);
    assert.equal([installedIn(pruned), installedIn(related)], [[], ["far.ko"]]);
  },
);

function installedIn({ at }: AgentRoot): readonly string[] {
  if (!fs.existsSync(at("lib/modules", release, "updates/dkms"))) return [];
  return fs.readdirSync(at("lib/modules", release, "updates/dkms")).sort();
}

collection.run();
