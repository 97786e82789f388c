import { suite } from "uvu";
import * as assert from "uvu/assert";
import { binaryHost, listTrees, systemdParts } from "../rig/systemd-hosts.ts";
import { journalUntil, onMachine, type SystemdMachine } from "../rig/systemd-machine.ts";
import { testNeeding } from "../rig/test-needing.ts";

const timer = suite("a host without compiler, with the timer");

const document = "/etc/dkms-agent/desired-state/modules.yaml";
const unit = "dkms-agent-apply";

/** The timer as it is, but for the delays that keep a fleet apart and a host asleep. */
const files = {
  [`/etc/systemd/system/${unit}.timer.d/at-once.conf`]: "[Timer]\nRandomizedDelaySec=0\nAccuracySec=1s\n",
  "/etc/dkms-agent/config.yaml": "lock_timeout: 1s\n",
  "/etc/modules-load.d/vpoll.conf": "vpoll\n",
};

testNeeding(timer, systemdParts, "is brought to its desired state by itself, and kept there", async (part) => {
  const disk = await binaryHost(part, {
    modules: ["vpoll"],
    files: (documents) => ({ ...files, [document]: documents.of("vpoll") }),
  });
  const machineAt = (clock: string) => ({ disk, qemu: part("qemu").path, clock });
  try {
    // The timer's own calendar says 04:17.
    await onMachine(machineAt("2026-11-22T04:15:40"), async (machine) => {
      await isInSandbox(machine);
      await firesByItself(machine);
      await refusesBrokenDocument(machine);
      await leavesToWhoHoldsTheLock(machine);
      await machine.run("rm /lib/modules/*/updates/dkms/vpoll.ko");
    });
    await onMachine(machineAt("2026-11-22T13:00:00"), makesUpWhatWasMissed);
    await onMachine(machineAt("2026-11-22T13:10:00"), loadsAtBoot);
  } finally {
    disk.remove();
  }
});

timer.run();

/** systemd has nothing to say of the units, and finds little that they could still do. */
async function isInSandbox({ run }: SystemdMachine): Promise<void> {
  assert.is(
    await run(
      `systemd-analyze verify --man=no /etc/systemd/system/${unit}.{service,timer} /etc/systemd/system/dkms-agent.service`,
    ),
    "",
  );
  await run(`systemd-analyze security --threshold=25 ${unit}.service`);
}

async function firesByItself({ run }: SystemdMachine): Promise<void> {
  await run(`systemctl enable --now ${unit}.timer`);
  await run("modinfo vpoll", 1);
  await run(journalUntil(/Finished dkms-agent-apply.service/));
  const journal = await run(`journalctl -b -u ${unit}`);
  assert.match(journal, /04:17:\d\d machine systemd\[1\]: Starting/, journal);
  assert.match(
    journal,
    /machine dkms-agent\[\d+\]: Applied: 4 steps done in .*; everything wanted is there now\./,
    journal,
  );
  assert.match(
    await run(`systemctl show ${unit} -p Result -p TriggeredBy`),
    `Result=success\nTriggeredBy=${unit}.timer`,
  );
  await run("modprobe vpoll && grep -w ^vpoll /proc/modules");
  await run("which gcc make dkms", 1);
  await isHealthy({ run });
}

/** One mistake in a document: a failed unit, its code, the mistake in the journal, and nothing else. */
async function refusesBrokenDocument({ run }: Pick<SystemdMachine, "run">): Promise<void> {
  const before = await run(listTrees);
  await run(`sed -i.good s/version:/verson:/ ${document} && systemctl start ${unit}`, 1);
  assert.is(await run(`systemctl show ${unit} -p Result -p ExecMainStatus`), "Result=exit-code\nExecMainStatus=65\n");
  assert.match(await run("systemctl --failed --plain"), `${unit}.service`);
  assert.match(await run(`journalctl -b -u ${unit}`), `${document}:4:19: error: There is no key "verson" in a module.`);
  assert.is(await run(listTrees), before);
  await run(`mv ${document}.good ${document} && systemctl start ${unit}`);
  assert.is(await run(listTrees), before);
  await isHealthy({ run });
}

async function leavesToWhoHoldsTheLock({ run }: SystemdMachine): Promise<void> {
  await run(`flock /var/lib/dkms/.dkms-agent/lock systemctl start ${unit}`);
  assert.match(await run(`journalctl -b -u ${unit}`), "[E_LOCKED]");
  assert.is(await run(`systemctl show ${unit} -p Result`), "Result=success\n");
  await isHealthy({ run });
}

/** The host was off at 08:17 and at 12:17: one run at its start. */
async function makesUpWhatWasMissed({ run }: SystemdMachine): Promise<void> {
  await run(journalUntil(/Finished dkms-agent-apply.service/));
  const journal = await run(`journalctl -b -u ${unit}`);
  assert.match(journal, /vpoll\/0\.1@\S+ +reinstall /, journal);
  assert.is(journal.match(/Starting dkms-agent-apply.service/g)?.length, 1, journal);
  await run("modprobe vpoll");
  await isHealthy({ run });
}

async function loadsAtBoot({ run }: SystemdMachine): Promise<void> {
  await isHealthy({ run });
  await run("grep -w ^vpoll /proc/modules");
  assert.match(await run("dkms-agent verify"), "vpoll");
  assert.not.match(await run(`journalctl -b -u ${unit}`), "Starting");
}

/** The boot has come to its end, every unit is well, and no order of units contradicted another. */
async function isHealthy({ run }: Pick<SystemdMachine, "run">): Promise<void> {
  assert.is(await run("systemctl is-system-running --wait"), "running\n");
  assert.match(await run("systemctl --failed"), "0 loaded units listed");
  assert.not.match(await run("journalctl -b"), /ordering cycle/i);
}
