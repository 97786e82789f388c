import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AgentRoot } from "../rig/agent.ts";
import { loopDisk, loopDiskProblem } from "../rig/loop-disk.ts";
import { quickMachine, quickModule, wanted } from "../rig/quick-machine.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { treeListing } from "../rig/tree-listing.ts";

const release = "6.1.0-1-amd64";
const needs = ["root", "gcc", "make", "kmod", "flock"] as const;

const disks = suite<{ machine: AgentRoot }>("a disk that fails during apply");
disks.before.each((context) => {
  context.machine = quickMachine([release]);
});
disks.after.each(({ machine }) => machine.remove());

testNeeding(disks, needs, "it is full in the middle: told, and made up for by the next run", async (_, { machine }) => {
  quickModule(machine, "evdi", { make: "cat /dev/zero > $dkms_tree/filler; cp made/$kernelver.ko evdi.ko" });
  machine.want(wanted("evdi"));
  await onSmallDisk(machine.at("var/lib/dkms"), "size=2m", async () => {
    // What is told of the end may not fit either.
    const told =
      /(failed at build evdi.*\[E_NO_SPACE].*|cut off .*full or broken disk.*)\n\nThe next apply (tries|ends)/;
    assert.match(await applyFails(machine, told), /\[E_NO_SPACE\]/);
    fs.rmSync(machine.at("var/lib/dkms/filler"));
    await converges(machine, ["evdi.ko"]);
  });
});

testNeeding(disks, needs, "it has no more inodes: nothing is half there", async (_, { machine }) => {
  quickModule(machine, "evdi");
  machine.want(wanted("evdi"));
  await onSmallDisk(machine.at("var/lib/dkms"), "nr_inodes=16", async () => {
    const told =
      /(failed at build evdi.*\[E_NO_SPACE].*|cut off .*broken disk.*|No run .*)\n(\nThe next apply (tries|ends)|$)/;
    const said = await applyFails(machine, told);
    assert.match(said, /no space left at .*\[E_NO_SPACE\].*→ Free space, or inodes, .*df -i/s);
    assert.equal(ownOf(machine, "evdi"), []);
  });
  await converges(machine, ["evdi.ko"]);
});

testNeeding(
  disks,
  needs,
  "there is no room for the log of a failed build: the line that tells most is told",
  async (_, { machine }) => {
    quickModule(machine, "evdi", { make: "echo 'int x = y;' > a.c; gcc -c a.c" });
    quickModule(machine, "other");
    machine.want(`${wanted("evdi")}\n${wanted("other")}`);
    await onSmallDisk(machine.at("var/lib/dkms/.dkms-agent/logs"), "nr_inodes=1", async () => {
      const said = await applyFails(
        machine,
        /It said .*\[E_MAKE]; .*; 1 blocked\n\nThe next apply leaves what failed alone/,
      );
      assert.match(said, /It said "a\.c:1:9: error: .*"\. Cannot keep its log: no space left at \S+\/logs/);
      assert.not.match(said, /the whole log|Read the log/);
      assert.equal(installed(machine), ["other.ko"]);
    });
  },
);

testNeeding(
  disks,
  needs,
  "the install tree becomes read-only in the middle: everything is as it was",
  async (_, { machine }) => {
    const tree = machine.at("lib/modules");
    quickModule(machine, "evdi", { make: `cp made/$kernelver.ko evdi.ko; mount -o remount,bind,ro ${tree}` });
    machine.want(wanted("evdi"));
    execFileSync("mount", ["--bind", tree, tree]);
    try {
      const told =
        /failed at install evdi.*\[E_READ_ONLY]; 0 steps done, 2 taken back .*\n\nThe next apply tries again/;
      const said = await applyFails(machine, told);
      assert.match(said, /the file system is read-only at \S+\/updates\. \[E_READ_ONLY\]\n +→ Mount it writable/);
      assert.not.match(said, /take back|half done/, "nothing was done that could be half");
      assert.equal(ownOf(machine, "evdi"), []);
    } finally {
      execFileSync("umount", [tree]);
    }
    await converges(machine, ["evdi.ko"]);
  },
);

/** Where no disk can be made the fault of a disk is tried by the injected errors alone. */
const noDisk = loopDiskProblem();
if (noDisk !== undefined) process.stdout.write(`a broken disk is not tried, since there can be none here: ${noDisk}\n`);
else
  testNeeding(
    disks,
    needs,
    "the disk of the DKMS tree breaks: told at once and by history, and the next run clears up",
    async (_, { machine }) => {
      const disk = loopDisk(machine.at("image"), machine.at("var/lib/dkms"));
      try {
        quickModule(machine, "evdi", { make: `cp made/$kernelver.ko evdi.ko; ${disk.failure}` });
        machine.want(wanted("evdi"));
        const told = /cut off during build evdi.*broken disk; .*\n\nThe next apply .* goes on from what is there/;
        const said = await applyFails(machine, told);
        assert.match(said, /Cannot build evdi\/1\.0@.*(read-only at|the disk failed at) .*\[E_(READ_ONLY|IO)\]/);
        assert.match(said, /see dmesg/i);
        assert.match(said, /Cannot keep in the journal what became of build:evdi.*\[W_NOT_KEPT\]/);
        disk.mend();
        await converges(machine, ["evdi.ko"]);
        assert.equal(fs.readdirSync(machine.at("var/lib/dkms/evdi/1.0")), [release, "source"]);
      } finally {
        disk.remove();
      }
    },
  );

disks.run();

async function onSmallDisk(directory: string, size: string, work: () => Promise<void>): Promise<void> {
  fs.mkdirSync(directory, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", size, "tmpfs", directory]);
  try {
    await work();
  } finally {
    execFileSync("umount", [directory]);
  }
}

/** What apply says; `told` is what history tells of it and foretells. */
async function applyFails(machine: AgentRoot, told: RegExp): Promise<string> {
  const { exitCode, stdout, stderr } = await machine.run("apply");
  assert.is(exitCode, 1, stdout + stderr);
  assert.match((await machine.run("history")).stdout, told);
  return stdout + stderr;
}

/** With a module that builds, the next run does all that is left. */
async function converges(machine: AgentRoot, objects: readonly string[]): Promise<void> {
  quickModule(machine, "evdi");
  await machine.apply();
  assert.equal(installed(machine), objects);
  assert.equal(await machine.planned(), []);
}

function installed({ at }: AgentRoot): readonly string[] {
  const directory = at("lib/modules", release, "updates/dkms");
  return fs.existsSync(directory) ? fs.readdirSync(directory) : [];
}

/** Everything of a module in the DKMS tree and in the install tree. */
function ownOf({ root }: AgentRoot, name: string): readonly string[] {
  return treeListing(root, (file) => file === "var/lib/dkms/.dkms-agent" || file === "usr").filter((line) =>
    line.includes(name),
  );
}
