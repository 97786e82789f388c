import fs from "node:fs";
import path from "node:path";
import * as assert from "uvu/assert";
import { packAgent } from "../rig/ansible-host.ts";
import { ansibleRoleSuite } from "../rig/ansible-suite.ts";

const role = ansibleRoleSuite("the Ansible role", { v4l2loopback: "0.12.7" });

role.test(
  "the playbook of the examples installs the agent, its timer and its hooks, and the module",
  async ({ ansible, host }) => {
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
