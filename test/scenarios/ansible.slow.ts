import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import * as assert from "uvu/assert";
import type { PlayedBook } from "../rig/ansible.ts";
import { packAgent } from "../rig/ansible-host.ts";
import { ansibleRoleSuite } from "../rig/ansible-suite.ts";
import { differences, snapshot } from "../rig/snapshot.ts";

const role = ansibleRoleSuite("the Ansible role, in full", { evdi: "1.0" });

function changedTasks({ exitCode, stdout, stderr, tasks }: PlayedBook): readonly string[] {
  assert.is(exitCode, 0, stdout + stderr);
  return tasks.filter(({ result }) => result.changed === true).map(({ task }) => task.replace(/^.* : /, ""));
}

role.test(
  "check mode writes nothing, a second run changes nothing, each schedule takes the place of the other, and absent leaves nothing",
  async ({ ansible, host }) => {
    const everything = path.dirname(host.root);
    const file = packAgent(ansible.directory);
    const book = ansible.bookOf([
      {
        role: "dkms_agent.dkms.agent",
        vars: {
          dkms_agent_install: "tarball",
          dkms_agent_tarball: file,
          dkms_agent_settings: { signing: "off" },
          dkms_agent_modules: [{ name: "evdi", version: "1.0", kernels: ["with-headers"] }],
          dkms_agent_documents: [{ name: "no-old", modules: [{ name: "old", version: "*", state: "absent" }] }],
        },
      },
    ]);
    const before = snapshot(everything);
    const predicted = changedTasks(await host.play(book, "--check", "--diff"));
    assert.ok(predicted.includes("Bring the archive"), predicted.join());
    assert.equal(differences(before, snapshot(everything)).filter(isMeant), [], "check mode writes nothing");
    const first = changedTasks(await host.play(book, "--diff"));
    assert.equal(
      predicted.filter((task) => !first.includes(task)),
      [],
      "what check mode says is what is done",
    );
    assert.equal(changedTasks(await host.play(book)), []);
    assert.equal(changedTasks(await host.play(book, "--check")), []);
    const calendar = ["--extra-vars", "dkms_agent_calendar=daily dkms_agent_compiles=false"];
    const toCalendar = changedTasks(await host.play(book, "--check", ...calendar));
    assert.equal(changedTasks(await host.play(book, ...calendar)), toCalendar);
    assert.ok(host.has("/etc/systemd/system/dkms-agent-apply.timer.d/calendar.conf"));
    assert.not(host.has("/etc/systemd/system/dkms-agent-apply.service.d/builds.conf"));

    const daemon = ["--extra-vars", "dkms_agent_schedule=daemon dkms_agent_kernel_hooks=false"];
    changedTasks(await host.play(book, ...daemon));
    assert.ok(host.has("/etc/systemd/system/multi-user.target.wants/dkms-agent.service"));
    assert.not(host.has("/etc/systemd/system/dkms-agent-apply.timer"));
    assert.not(host.has("/etc/systemd/system/timers.target.wants/dkms-agent-apply.timer"));
    assert.not(host.has("/etc/kernel/postinst.d/dkms-agent"));
    assert.equal(changedTasks(await host.play(book, ...daemon)), []);

    changedTasks(await host.play(book, "--extra-vars", "dkms_agent_schedule=cron"));
    assert.ok(host.has("/etc/cron.d/dkms-agent"));
    assert.not(host.has("/etc/systemd/system/dkms-agent.service"));

    const gone = ["--extra-vars", "dkms_agent_state=absent dkms_agent_purge=true"];
    const toGo = changedTasks(await host.play(book, "--check", ...gone));
    assert.equal(changedTasks(await host.play(book, ...gone)), toGo);
    for (const place of ["/etc/cron.d/dkms-agent", "/var/lib/agent/bin/dkms-agent", "/etc/dkms-agent"]) {
      assert.not(host.has(place), place);
    }
    assert.ok(fs.existsSync(host.at("/lib/modules", "6.1.0-1-amd64/updates/dkms/evdi.ko")), "what it built stays");
    assert.equal(changedTasks(await host.play(book, ...gone)), []);
  },
);

/** Mounting makes and changes the directories that are mounted on. */
function isMeant(difference: string): boolean {
  return !/\/overlays\/|\/(stdout|stderr)$/.test(difference) || /\/upper\/(?!dkms$)./.test(difference);
}

role.test(
  "settings that are not valid are not written, another archive takes the place of the old, and what is no agent is told",
  async ({ ansible, host }) => {
    const file = packAgent(ansible.directory);
    const vars = { dkms_agent_install: "tarball", dkms_agent_tarball: file, dkms_agent_schedule: "none" };
    const bookOf = (more: Readonly<Record<string, unknown>>) =>
      ansible.bookOf([{ role: "dkms_agent.dkms.agent", vars: { ...vars, ...more } }]);
    const wrong = await host.play(bookOf({ dkms_agent_settings: { jbos: 4 } }));
    assert.is(wrong.exitCode, 2);
    assert.match(wrong.stdout, /There is no key ..jbos/);
    assert.not(host.has("/etc/dkms-agent/config.yaml"));
    const stage = path.join(ansible.directory, "stage");
    fs.writeFileSync(path.join(stage, "package/dist/new"), "");
    fs.rmSync(path.join(stage, "package/packaging/systemd/README.md"));
    execFileSync("tar", ["-czf", file, "-C", stage, "package"]);
    assert.ok(changedTasks(await host.play(bookOf({}))).includes("Put the new one into its place"));
    assert.ok(host.has("/var/lib/agent/lib/node_modules/dkms-agent/dist/new"));
    assert.not(host.has("/var/lib/agent/lib/node_modules/dkms-agent/packaging/systemd/README.md"));
    const npm = (version: string) => bookOf({ dkms_agent_install: "npm", dkms_agent_version: version });
    assert.equal(changedTasks(await host.play(npm(""))), [], "npm finds what is there");
    assert.ok(changedTasks(await host.play(npm(`file:${file}`))).includes("Install the package"));
    assert.equal(changedTasks(await host.play(npm(""))), []);
    const number = await host.play(bookOf({ dkms_agent_modules: [{ name: "evdi", version: 1.1 }] }));
    assert.match(number.stdout, "put versions into quotes");
    const none = await host.play(bookOf({ dkms_agent_install: "none", dkms_agent_executable: "/nowhere" }));
    assert.match(none.stdout, "/nowhere");
    const typo = await host.play(bookOf({ dkms_agent_schedule: "weekly" }));
    assert.match(typo.stdout, "value of dkms_agent_schedule must be one of: timer, daemon, cron, none, got: weekly");
  },
);

role.run();
