import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cli } from "../rig/agent.ts";
import { type Machine, machine } from "../rig/machine.ts";
import type { Dkms } from "../rig/parts.ts";
import { buildRpms } from "../rig/rpm-packages.ts";
import type { ProgramResult } from "../rig/run-program.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { dkmsTree } from "../rig/tree-builder.ts";
import { addKernel, addSource, releases } from "../rig/twin-world.ts";

const rpm = suite("dkms ldtarball of an rpm, with the real rpm, next to dell/dkms");
const needs = ["dkms", "rpm", "root"] as const;
const [release] = releases;

/** `shell` provides the /bin/sh that scripts require; that of `demo` installs the module, that of `other` only adds it. */
type Rpm = "shell" | "demo" | "other";

interface RpmHost extends Pick<Machine, "at" | "run"> {
  /** Runs `dkms ldtarball`; behind other words of a command line, if there are any. */
  readonly load: (name: Rpm, ...prefix: readonly string[]) => ProgramResult;
}

/** Does the same on a machine of dkms-agent and on one of dell/dkms; no package is installed there. */
function onBoth(dkms: Dkms, work: (host: RpmHost, isOurs: boolean) => void): void {
  const tree = dkmsTree();
  const machines: Machine[] = [];
  try {
    addKernel(tree, release);
    for (const name of ["demo", "other"]) addSource(tree, { name, version: "1.0" });
    const lock = "/var/lib/dkms/.dkms-agent/lock";
    const post = [
      // A dkms that a run has started itself does not ask for the lock.
      `test ! -e ${lock} || flock --nonblock ${lock} true || touch /etc/dkms/locked`,
      `/etc/dkms/dkms install demo/1.0 -k ${release} >/etc/dkms/post.log 2>&1`,
      "echo $? >/etc/dkms/post.code",
      "/etc/dkms/dkms status >/etc/dkms/post.status",
    ].join("\n");
    const directories = (name: string) => ({ [`/usr/src/${name}-1.0`]: tree.at(`usr/src/${name}-1.0`) });
    const [shell = "", demo = "", other = ""] = buildRpms(tree.at("rpm"), [
      { name: "shell", provides: "/bin/sh" },
      { name: "demo", directories: directories("demo"), post },
      { name: "other", directories: directories("other"), post: "/etc/dkms/dkms add other/1.0" },
    ]);
    const files: Readonly<Record<Rpm, string>> = { shell, demo, other };
    for (const isOurs of [true, false]) {
      const { at, run } = newMachine(tree.at("lib/modules"), machines);
      const words = isOurs ? [process.execPath, cli, "dkms"] : dkms.command;
      fs.writeFileSync(at("/etc/dkms", "dkms"), `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`, { mode: 0o755 });
      const load = (name: Rpm, ...prefix: readonly string[]) =>
        run([...prefix, "/etc/dkms/dkms", "ldtarball", files[name], "-k", release]);
      work({ at, run, load }, isOurs);
    }
  } finally {
    for (const { remove } of machines) remove();
    tree.remove();
  }
}

function newMachine(kernels: string, machines: Machine[]): Machine {
  const one = machine({ layers: { "/lib/modules": [kernels] } });
  machines.push(one);
  return one;
}

function expectCode(wanted: number, { exitCode, stdout, stderr }: ProgramResult): void {
  assert.is(exitCode, wanted, `${stdout}${stderr}`);
}

const installed = (name: string) => `${name}/1.0, ${release}, x86_64: installed\n`;

testNeeding(
  rpm,
  needs,
  "its script may call dkms, since nobody holds the lock; what it leaves is autoinstalled",
  (part) =>
    onBoth(part("dkms"), ({ at, run, load }, isOurs) => {
      expectCode(0, load("shell"));
      expectCode(0, load("demo"));
      const read = (name: string) => fs.readFileSync(at("/etc/dkms", name), "utf8");
      assert.is(read("post.code"), "0\n", read("post.log"));
      assert.not(fs.existsSync(at("/etc/dkms", "locked")));
      assert.is(fs.existsSync(at("/var/lib/dkms", ".dkms-agent/lock")), isOurs);
      assert.is(read("post.status"), installed("demo"));
      expectCode(0, load("other"));
      assert.is(run(["/etc/dkms/dkms", "status"]).stdout, installed("demo") + installed("other"));
    }),
);

testNeeding(rpm, needs, "answers with 9 for one that rpm does not install, and tells what rpm says", (part) =>
  onBoth(part("dkms"), ({ at, load }, isOurs) => {
    const answer = load("demo");
    expectCode(9, answer);
    assert.match(answer.stderr, "/bin/sh is needed by demo");
    assert.equal(fs.readdirSync(at("/usr/src")), []);
    if (isOurs) assert.match(answer.stderr, /with rpm: \S.* \[E_NO_SOURCE\]\n.*Run rpm -Uvh /);
  }),
);

testNeeding(rpm, needs, "answers with 9 on a host that has no rpm", (part) =>
  onBoth(part("dkms"), ({ at, load }, isOurs) => {
    const hidden = at("/etc/dkms", "hidden");
    const hide = `mkdir ${hidden}; mknod ${hidden}/rpm c 0 0; mount -t overlay overlay -o lowerdir=${hidden}:/usr/bin /usr/bin`;
    const answer = load("shell", "sh", "-c", `${hide}; "$@"`, "sh");
    expectCode(9, answer);
    if (isOurs) assert.match(answer.stderr, /this host has no rpm command\. \[E_NO_TOOL\]\n.*rpm2cpio/);
  }),
);

rpm.run();
