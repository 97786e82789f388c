import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { systemdDisk } from "../rig/systemd-disk.ts";
import { systemdParts } from "../rig/systemd-hosts.ts";
import { onMachine, type SystemdMachine } from "../rig/systemd-machine.ts";
import { testNeeding } from "../rig/test-needing.ts";

const builds = suite("a host that compiles, in the sandbox of the units");

const document = `apiVersion: dkms-agent/v1
kernels: [running]
modules:
  - {name: vpoll, version: 0.1}
`;

testNeeding(
  builds,
  systemdParts,
  "builds, ends a build when it is stopped, and builds with the drop-in",
  async (part) => {
    const source = part("module-sources").modules.find(({ name }) => name === "vpoll");
    assert.ok(source, "vpoll is among the parts");
    const disk = systemdDisk({
      ...{
        base: part("debian-root").directory,
        image: part("linux-image"),
        busybox: part("busybox").path,
        builds: true,
      },
      fill: (at) => {
        fs.cpSync(source.directory, at("usr/src/vpoll-0.1"), { recursive: true });
        fs.mkdirSync(at("etc/dkms-agent/desired-state"), { recursive: true });
        fs.writeFileSync(at("etc/dkms-agent/desired-state/modules.yaml"), document);
        for (const unit of units) {
          fs.mkdirSync(at(`etc/systemd/system/${unit}.service.d`), { recursive: true });
          fs.copyFileSync(dropIn, at(`etc/systemd/system/${unit}.service.d/builds.conf.off`));
        }
      },
    });
    try {
      await onMachine({ disk, qemu: part("qemu").path }, async (machine) => {
        await endsBuildWhenStopped(machine);
        await buildsInSandbox(machine);
        await runsOutOfMemory(machine);
        await addDropIn(machine);
        await daemonEndsBuildWhenStopped(machine);
        await buildsWithDropIn(machine);
      });
    } finally {
      disk.remove();
    }
  },
);

builds.run();

const unit = "dkms-agent-apply";
const units = [unit, "dkms-agent"];
const dropIn = `${import.meta.dirname}/../../packaging/systemd/builds.conf`;

/** A stop while a module is built: nothing goes on, and nothing of the build is left where modules are. */
async function endsBuildWhenStopped({ run }: SystemdMachine): Promise<void> {
  await run(`systemctl start --no-block ${unit} && ${untilBuilds(unit)}`);
  await run(`systemctl stop ${unit}`);
  assert.is(await run(`systemctl show ${unit} -P Result`), "success\n");
  assert.match(await run("systemctl --failed"), "0 loaded units listed");
  assert.match(await run(`journalctl -b -u ${unit}`), "Stopped: 0 steps done");
  await run(noneWorks, 1);
  assert.is(await run("find /lib/modules/*/updates /var/lib/dkms/vpoll 2>/dev/null || true"), "");
}

async function buildsInSandbox({ run }: SystemdMachine): Promise<void> {
  await run(`systemctl start ${unit} || ! journalctl -b -u ${unit}`);
  await run("modprobe vpoll && dkms-agent verify");
  await run("systemctl is-failed --quiet dkms-agent-apply", 1);
}

/**
 * With a limit on the unit's memory, which counts by the control groups that systemd makes, and a build that takes all of it:
 * that is ended, and neither the program nor its unit; what was installed stays.
 */
async function runsOutOfMemory({ run }: SystemdMachine): Promise<void> {
  const conf = "/usr/src/vpoll-0.1/dkms.conf";
  await run(`cp ${conf} /root/dkms.conf && echo 'MAKE[0]="tail /dev/zero"' >> ${conf}`);
  await run(`systemctl set-property --runtime ${unit} MemoryMax=120M MemorySwapMax=0`);
  await run(`systemctl start ${unit}`, 1);
  assert.match(await run(`journalctl -b -u ${unit}`), /the kernel ended a program of it.*\[E_NO_MEMORY\]/);
  assert.is(await run(`systemctl show ${unit} -P Result`), "exit-code\n", "it told, and was not ended with it");
  assert.match(await run("dkms-agent history"), /failed at build vpoll.*\[E_NO_MEMORY\].*tries again what failed/s);
  await run(`systemctl set-property --runtime ${unit} MemoryMax=infinity`);
  await run(`cp /root/dkms.conf ${conf} && systemctl start ${unit}`);
  await run("dkms-agent verify && systemctl reset-failed");
}

/** The wider sandbox, in which each build has a namespace of its own, and something to build in it. */
async function addDropIn({ run }: SystemdMachine): Promise<void> {
  const places = units.map((one) => `/etc/systemd/system/${one}.service.d/builds.conf`);
  await run(places.map((place) => `mv ${place}.off ${place}`).join(" && "));
  await run("systemctl daemon-reload && echo >> /usr/src/vpoll-0.1/vpoll.c");
}

async function daemonEndsBuildWhenStopped({ run }: SystemdMachine): Promise<void> {
  await run(`systemctl start dkms-agent && ${untilBuilds("dkms-agent")}`);
  await run("systemctl stop dkms-agent");
  assert.is(await run("systemctl show dkms-agent -P Result"), "success\n");
  await run(noneWorks, 1);
  await run("modinfo vpoll");
  assert.match(await run("systemctl --failed"), "0 loaded units listed");
}

async function buildsWithDropIn({ run }: SystemdMachine): Promise<void> {
  await run(`systemctl start ${unit} || ! journalctl -b -u ${unit}`);
  assert.match(await run(`journalctl -b -u ${unit}`), /build vpoll\S+: done/);
  await run("dkms-agent verify && dkms-agent plan --detailed-exitcode");
}

/** Ends when make runs, and badly if the unit gives up before. */
function untilBuilds(service: string): string {
  const isActive = `systemctl show ${service} -P ActiveState | grep -q activ`;
  return `until grep -qsx make /proc/[0-9]*/comm; do ${isActive} || exit 1; done`;
}

const noneWorks = "grep -lsx -e cc1 -e make -e node /proc/[0-9]*/comm";
