import { suite } from "uvu";
import * as assert from "uvu/assert";
import { binaryHost, listTrees, systemdParts } from "../rig/systemd-hosts.ts";
import { journalUntil, onMachine, type SystemdMachine } from "../rig/systemd-machine.ts";
import { testNeeding } from "../rig/test-needing.ts";

const daemon = suite("a host without compiler, with the daemon");

const document = "/etc/dkms-agent/desired-state/modules.yaml";
const unit = "dkms-agent";
const files = {
  // Only what it sees starts a run.
  "/etc/dkms-agent/config.yaml": "daemon: {schedule: never, debounce: 1s}\n",
  [`/etc/systemd/system/${unit}.service.d/impatient.conf`]: "[Service]\nWatchdogSec=40s\nRestartSec=1s\n",
};

testNeeding(daemon, systemdParts, "is looked after by systemd, and looks after the modules", async (part) => {
  const disk = await binaryHost(part, {
    modules: ["vpoll"],
    files: (documents) => ({
      ...files,
      [document]: documents.of("vpoll").replace("version:", "verson:"),
    }),
  });
  try {
    await onMachine({ disk, qemu: part("qemu").path }, async (machine) => {
      await waitsForValidDocument(machine);
      await takesUpMendedDocument(machine);
      await readsEverythingAnew(machine);
      await isRestartedWhenItHangs(machine);
      await endsWhenAsked(machine);
    });
  } finally {
    disk.remove();
  }
});

daemon.run();

/** It starts, and says what is wrong; nothing is changed. */
async function waitsForValidDocument({ run }: SystemdMachine): Promise<void> {
  const before = await run(listTrees);
  await run(`systemctl start ${unit}`);
  await run(journalUntil(/E_UNKNOWN_KEY/));
  const errors = await run(`journalctl -b -u ${unit} -p err -o cat`);
  assert.match(errors, `${document}:4:19: error: There is no key "verson" in a module.`, errors);
  await hasStatus({ run }, "The documents or the settings are not valid, and nothing is changed until they are");
  assert.is(await run(listTrees), before);
}

/** Without any schedule. */
async function takesUpMendedDocument({ run }: SystemdMachine): Promise<void> {
  await run(`sed -i s/verson:/version:/ ${document}`);
  await run(journalUntil(/Applied: 4 steps done/));
  await run("modprobe vpoll && grep -w ^vpoll /proc/modules");
  const journal = await run(`journalctl -b -u ${unit}`);
  assert.match(journal, `A run begins, since ${document} has changed`, journal);
  await hasStatus({ run }, "Everything wanted is there");
}

async function readsEverythingAnew({ run }: SystemdMachine): Promise<void> {
  const before = await run(show("MainPID"));
  await run(`systemctl reload ${unit}`);
  await run(journalUntil(/A run begins, since it was asked to read everything anew/));
  await hasStatus({ run }, "Everything wanted is there");
  assert.is(await run(show("MainPID")), before);
}

/** A process that is stopped does nothing any more, as one that hangs. */
async function isRestartedWhenItHangs({ run }: SystemdMachine): Promise<void> {
  await run(untilOther("WatchdogTimestampMonotonic", await run(show("WatchdogTimestampMonotonic"))));
  assert.is(await run(show("NRestarts")), "0\n");
  const hung = await run(show("MainPID"));
  await run(`kill -STOP ${hung}`);
  await run(journalUntil(/dkms-agent.service: Watchdog timeout/));
  await run(untilOther("NRestarts", "0\n"));
  await run(`systemctl start ${unit}`);
  await hasStatus({ run }, "Everything wanted is there");
  assert.is.not(await run(show("MainPID")), hung);
}

async function endsWhenAsked({ run }: SystemdMachine): Promise<void> {
  await run(`systemctl stop ${unit}`);
  assert.match(await run(`journalctl -b -u ${unit} -n 5`), "Stopped (SIGTERM).");
  assert.is(await run(show("Result")), "success\n");
  assert.match(await run("systemctl --failed"), "0 loaded units listed");
  assert.not.match(await run("journalctl -b"), /ordering cycle/i);
}

/** As `systemctl status` shows it. */
async function hasStatus({ run }: Pick<SystemdMachine, "run">, status: string): Promise<void> {
  await run(`until systemctl status ${unit} | grep -F 'Status: "${status};'; do sleep 0.5; done`);
}

function show(property: string): string {
  return `systemctl show ${unit} -P ${property}`;
}

/** A command that ends when a property of the unit has another value. */
function untilOther(property: string, value: string): string {
  return `until [ "$(${show(property)})" != '${value.trim()}' ]; do sleep 0.5; done`;
}
