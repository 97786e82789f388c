import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import * as assert from "uvu/assert";
import { desiredState, moduleTask, stateTask, writeDocument, writeOwn } from "../rig/ansible.ts";
import { ansibleSuite } from "../rig/ansible-suite.ts";
import { block } from "../rig/blocking.ts";
import { quickModule, wanted } from "../rig/quick-machine.ts";

const circumstances = ansibleSuite("the Ansible collection, in odd circumstances");

circumstances.test("odd names, links, protections and locks are told or mastered", async ({ ansible, machine }) => {
  const odd = machine();
  const source = odd.at("srv/Müller's 🚀: #1");
  fs.mkdirSync(path.dirname(source));
  quickModule(odd, "evdi");
  fs.renameSync(odd.at("usr/src/evdi-1.0"), source);
  const linked = machine("evdi");
  writeDocument(linked, "linked", wanted("evdi"));
  fs.renameSync(linked.at(desiredState, "linked"), linked.at("elsewhere.yaml"));
  fs.symlinkSync("../../../elsewhere.yaml", linked.at(desiredState, "evdi.yaml"));
  const guarded = machine("evdi");
  writeDocument(guarded, "evdi.yaml", wanted("evdi", "protect: true"));
  await guarded.apply();
  const busy = machine("evdi");
  writeOwn(busy, "evdi");
  fs.mkdirSync(busy.at("var/lib/dkms/.dkms-agent"), { recursive: true });
  const lock = spawn("flock", [busy.at("var/lib/dkms/.dkms-agent/lock"), "sh", "-c", "echo held; read word"]);
  await once(lock.stdout, "data");
  const bare = { PATH: "/usr/bin:/bin" };
  const book = ansible.book([
    stateTask(odd, "ünïcödé 🚀", { modules: [{ name: "evdi", version: "1.0", source, kernels: ["with-headers"] }] }),
    moduleTask(linked, "evdi", { force: true }),
    { ...moduleTask(guarded, "evdi", { state: "absent", force: true }), keywords: { ignore_errors: true } },
    { ...moduleTask(busy, "evdi", { lock_timeout: "0" }), keywords: { ignore_errors: true } },
    { ...moduleTask(busy, "jool"), keywords: { environment: bare, check_mode: true } },
  ]);
  const { tasks, stdout } = await ansible.play(book);
  lock.stdin.end();
  assert.equal(
    tasks.map(({ status, result }) => [status, result.changed]),
    [
      ["ok", true],
      ["ok", true],
      ["failed", false],
      ["failed", false],
      ["ok", true],
    ],
    stdout,
  );
  assert.is(tasks[0]?.result.reboot_required, false);
  assert.match(fs.readFileSync(odd.at(desiredState, "ünïcödé 🚀.yaml"), "utf8"), `source: "${source}"`);
  assert.not(fs.lstatSync(linked.at(desiredState, "evdi.yaml")).isSymbolicLink());
  assert.match(fs.readFileSync(linked.at("elsewhere.yaml"), "utf8"), wanted("evdi"));
  assert.match(
    tasks[2]?.result.msg ?? "",
    /evdi\/1\.0 is protected, and this plan would .*\[E_PROTECTED\]\n.*unprotect/,
  );
  assert.match(fs.readFileSync(guarded.at(desiredState, "evdi.yaml"), "utf8"), "protect: true");
  assert.match(tasks[3]?.result.msg ?? "", /Another run .*\[E_LOCKED\]/);
  assert.match(String(tasks[4]?.result.warnings), "dkms-agent is not on this host yet");
});

circumstances.test(
  "tasks at the same time on one host wait for each other; who is not root hears of become",
  async ({ ansible, machine }) => {
    const host = machine("one", "two", "three");
    const book = ansible.book([moduleTask(host, "{{ inventory_hostname }}")]);
    const local = ["--extra-vars", "ansible_connection=local ansible_python_interpreter=/usr/bin/python3"];
    const { tasks, exitCode, stdout } = await ansible.play(book, ["--inventory", "one,two,three", ...local]);
    assert.is(exitCode, 0, stdout);
    assert.equal(
      tasks.map(({ result }) => result.changed),
      [true, true, true],
    );
    assert.equal(fs.readdirSync(host.at("lib/modules/6.1.0-1-amd64/updates/dkms")).sort(), [
      "one.ko",
      "three.ko",
      "two.ko",
    ]);

    const own = path.join(ansible.directory, "nobody");
    for (const name of [ansible.directory, own]) {
      fs.mkdirSync(name, { recursive: true });
      fs.chmodSync(name, 0o777);
    }
    const hers = [stateTask(host, "empty", { modules: [] }), moduleTask(host, "one")];
    const asNobody = await ansible.play(
      ansible.book(hers.map((task) => ({ ...task, keywords: { ignore_errors: true } }))),
      [],
      {
        prefix: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
        env: { HOME: own, ANSIBLE_HOME: own, ANSIBLE_LOCAL_TEMP: own, ANSIBLE_REMOTE_TEMP: own },
      },
    );
    assert.equal(
      asNobody.tasks.map(({ status }) => status),
      ["failed", "failed"],
      asNobody.stdout + asNobody.stderr,
    );
    for (const { result } of asNobody.tasks)
      assert.match(result.msg ?? "", /needs become: true/, JSON.stringify(result));
  },
);

circumstances.test(
  "a playbook that is stopped by its terminal stops the agent, and the next run goes on",
  async ({ ansible, machine }) => {
    const host = machine();
    const stop = block(host.root, "make");
    fs.writeFileSync(host.at("wait.sh"), stop.line);
    quickModule(host, "evdi", { make: `sh ${host.at("wait.sh")}` });
    const book = ansible.book([moduleTask(host, "evdi")]);
    const playing = spawn("ansible-playbook", [book], {
      detached: true,
      stdio: "ignore",
      env: { ...process.env, ...ansible.env },
    });
    const ended = once(playing, "exit");
    await stop.reached();
    process.kill(-(playing.pid ?? 0), "SIGINT");
    await ended;
    // The agent comes to its end by itself: its lock says when.
    await once(spawn("flock", [host.at("var/lib/dkms/.dkms-agent/lock"), "true"]), "exit");
    assert.not(fs.existsSync(host.at("lib/modules/6.1.0-1-amd64/updates")));
    quickModule(host, "evdi");
    const { tasks, exitCode, stdout } = await ansible.play(book);
    assert.is(exitCode, 0, stdout);
    assert.is(tasks[0]?.result.changed, true);
    assert.ok(fs.existsSync(host.at("lib/modules/6.1.0-1-amd64/updates/dkms/evdi.ko")));
  },
);

circumstances.run();
