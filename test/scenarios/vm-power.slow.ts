import { suite } from "uvu";
import * as assert from "uvu/assert";
import { binaryHost, systemdParts } from "../rig/systemd-hosts.ts";
import { journalUntil, onMachine, type SystemdMachine } from "../rig/systemd-machine.ts";
import { testNeeding } from "../rig/test-needing.ts";

const power = suite("a power cut in the middle of an apply");

const modules = ["acpi-call", "bbswitch", "vpoll"];
const unit = "dkms-agent-apply";
const files = {
  [`/etc/systemd/system/${unit}.timer.d/at-boot.conf`]: "[Timer]\nOnCalendar=\nOnBootSec=1s\nRandomizedDelaySec=0\n",
};

/** What the journal has just said when the power goes: something else is being done by then. */
const moments = [/Plan: 3 to install/, /load-tarball \S+: done/, /install vpoll\S+: done/];

testNeeding(power, systemdParts, "leaves nothing that the run at the next boot does not mend", async (part) => {
  const disk = await binaryHost(part, {
    modules,
    files: (documents) => ({ ...files, "/etc/dkms-agent/desired-state/modules.yaml": documents.of(...modules) }),
  });
  const qemu = part("qemu").path;
  const copies = moments.map((moment) => ({ moment, copy: disk.copy() }));
  try {
    let uncut = "";
    await onMachine({ disk, qemu }, async ({ run }) => {
      await run(`systemctl start ${unit}`);
      uncut = await run(trees);
    });
    for (const { moment, copy } of copies) {
      await onMachine({ disk: copy, qemu }, async ({ run, cutPower }) => {
        await run(`systemctl enable ${unit}.timer && systemctl start --no-block ${unit}`);
        await run(journalUntil(moment));
        await cutPower();
      });
      await onMachine({ disk: copy, qemu }, (machine) => hasConverged(machine, uncut));
    }
  } finally {
    for (const one of [disk, ...copies.map(({ copy }) => copy)]) one.remove();
  }
});

power.run();

/** Every path below the trees with what is in it; of the agent's own records the names alone, since they tell times. */
const trees = [
  "cd /",
  "find var/lib/dkms usr/src lib/modules/ -printf '%M %u %p %l\\n' | sort",
  "find var/lib/dkms usr/src lib/modules/ -type f -not -path '*/.dkms-agent/*' -not -name '*.json*' -print0 | sort -z | xargs -0 sha256sum",
].join(" && ");

/** The boot's run has ended well, everything is as after a run that nothing has disturbed, and the modules load. */
async function hasConverged({ run }: SystemdMachine, uncut: string): Promise<void> {
  await run(journalUntil(/Finished dkms-agent-apply.service/));
  const found = await run(trees);
  const lines = new Set(uncut.split("\n"));
  const debris = found.split("\n").filter((line) => !lines.has(line));
  assert.equal(debris, []);
  assert.is(found, uncut);
  await run("dkms-agent plan --detailed-exitcode");
  await run("modprobe -a acpi_call vpoll");
}
