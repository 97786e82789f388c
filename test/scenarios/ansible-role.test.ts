import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Controller, controller } from "../rig/ansible.ts";
import { type AnsibleHost, ansibleHost, packAgent } from "../rig/ansible-host.ts";
import { testNeeding } from "../rig/test-needing.ts";

const needs = ["ansible", "root", "unshare", "kmod", "flock"] as const;
const role = suite<{ ansible: Controller; host: AnsibleHost }>("the Ansible role");

role.before.each((context) => {
  context.ansible = controller();
  context.host = ansibleHost(context.ansible, { v4l2loopback: "0.12.7" });
});
role.after.each(({ ansible, host }) => {
  host.remove();
  ansible.remove();
});

testNeeding(
  role,
  needs,
  "the playbook of the examples installs the agent, its timer and its hooks, and the module",
  async (_, { ansible, host }) => {
    packAgent(ansible.directory);
    const book = path.join(ansible.directory, "playbook.yml");
    fs.copyFileSync(path.join(import.meta.dirname, "../../examples/ansible/playbook.yml"), book);
    const first = await host.play(book);
    assert.is(first.exitCode, 0, first.stdout + first.stderr);
    const places = [
      "/var/lib/agent/bin/dkms-agent",
      "/etc/dkms-agent/config.yaml",
      "/etc/dkms-agent/desired-state/v4l2loopback.yaml",
      "/etc/systemd/system/dkms-agent-apply.timer",
      "/etc/systemd/system/dkms-agent-apply.service.d/program.conf",
      "/etc/systemd/system/timers.target.wants/dkms-agent-apply.timer",
      "/etc/kernel/postinst.d/dkms-agent",
      "/etc/kernel/header_postinst.d/dkms-agent",
      "/etc/kernel/prerm.d/dkms-agent",
    ];
    assert.equal(
      places.filter((place) => !host.has(place)),
      [],
    );
    assert.ok(fs.existsSync(host.at("/lib/modules", "6.1.0-1-amd64/updates/dkms/v4l2loopback.ko")));
  },
);

role.run();
