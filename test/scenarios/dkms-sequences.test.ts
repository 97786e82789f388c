import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { testNeeding } from "../rig/test-needing.ts";
import type { TreeBuilder } from "../rig/tree-builder.ts";
import { type TwinWorld, twinWorld } from "../rig/twin-world.ts";

const k1 = "-k 6.1.0-1";
const k2 = "-k 6.1.0-2";

/** Both programs do the same, one command line after the other: the codes are equal, and in the end what status says. */
interface Sequence {
  readonly title: string;
  readonly given?: (tree: TreeBuilder) => void;
  readonly lines: readonly string[];
  /** What status says at the end. */
  readonly ends: readonly string[];
}

const sequences: readonly Sequence[] = [
  {
    title: "install adds and builds; another version takes its place; remove takes the last build and the module",
    lines: [
      `install demo/1.0 ${k1}`,
      `install demo/2.0 ${k1}`,
      `uninstall demo/2.0 ${k1}`,
      `install demo/1.0 ${k1} ${k2}`,
      `remove demo/2.0 ${k1}`,
      `unbuild demo/1.0 ${k2}`,
    ],
    ends: ["demo/1.0, 6.1.0-1, x86_64: installed"],
  },
  {
    title: "--all takes every kernel",
    lines: [
      `build demo/1.0 ${k1} ${k2}`,
      `install demo/1.0 ${k2}`,
      "uninstall demo/1.0 --all",
      "unbuild demo/1.0 --all",
    ],
    ends: ["demo/1.0: added"],
  },
  {
    title: "--force builds and installs anew",
    lines: [`install demo/1.0 ${k1}`, `build demo/1.0 ${k1} --force`, `install demo/1.0 ${k1} --force`],
    ends: ["demo/1.0, 6.1.0-1, x86_64: installed"],
  },
  {
    title: "an older version is installed only by force",
    lines: [`install demo/2.0 ${k1}`, `install demo/1.0 ${k1}`, `install demo/1.0 ${k1} --force-version-override`],
    ends: ["demo/1.0, 6.1.0-1, x86_64: installed", "demo/2.0, 6.1.0-1, x86_64: built"],
  },
  {
    title: "a directory is copied and added",
    lines: [`build ROOT/usr/src/demo-1.0 ${k1}`, `install ROOT/usr/src/other-2.0/dkms.conf ${k1}`],
    ends: ["demo/1.0, 6.1.0-1, x86_64: built", "other/2.0, 6.1.0-1, x86_64: installed"],
  },
  {
    title: "autoinstall takes the newest version, also if it is built, and leaves what does not ask for it",
    given: (tree) => replaceIn(tree, "other-1.0", "AUTOINSTALL=yes", ""),
    lines: ["add demo/1.0", "add demo/2.0", "add other/1.0", `build demo/2.0 ${k1}`, `autoinstall ${k1}`],
    ends: ["demo/1.0: added", "demo/2.0, 6.1.0-1, x86_64: installed", "other/1.0: added"],
  },
  {
    title: "autoinstall: dependencies first, and nothing without them",
    given: (tree) => {
      append(tree, "demo-1.0", "BUILD_DEPENDS[0]=other");
      append(tree, "other-2.0", "BUILD_DEPENDS[0]=nosuch");
    },
    lines: [
      "add demo/1.0",
      `autoinstall ${k1}`,
      "add other/1.0",
      `autoinstall ${k1}`,
      "add other/2.0",
      `autoinstall ${k2}`,
    ],
    ends: ["demo/1.0, 6.1.0-1, x86_64: installed", "other/1.0, 6.1.0-1, x86_64: installed", "other/2.0: added"],
  },
  {
    title: "autoinstall: a circle is a failure for all of it",
    given: (tree) => {
      append(tree, "demo-1.0", "BUILD_DEPENDS[0]=other");
      append(tree, "other-1.0", "BUILD_DEPENDS[0]=demo");
    },
    lines: ["add demo/1.0", "add other/1.0", `autoinstall ${k1}`],
    ends: ["demo/1.0: added", "other/1.0: added"],
  },
  {
    title: "autoinstall: what is excluded is skipped, and what needs it fails",
    given: (tree) => append(tree, "other-1.0", "BUILD_EXCLUSIVE_KERNEL=^7"),
    lines: ["add demo/1.0", "add other/1.0", `autoinstall ${k1}`],
    ends: ["demo/1.0, 6.1.0-1, x86_64: installed", "other/1.0: added"],
  },
  {
    title: "kernel_preinst takes what comes back by itself, kernel_prerm everything",
    given: (tree) => replaceIn(tree, "other-1.0", "AUTOINSTALL=yes", ""),
    lines: [
      `install demo/1.0 ${k1} ${k2}`,
      `install other/1.0 ${k1} ${k2}`,
      `build demo/2.0 ${k1}`,
      `kernel_preinst ${k1}`,
      `kernel_postinst ${k1}`,
      `kernel_prerm ${k2}`,
    ],
    ends: ["demo/1.0: added", "demo/2.0, 6.1.0-1, x86_64: installed", "other/1.0, 6.1.0-1, x86_64: installed"],
  },
];

const together = suite("command lines in a row");

for (const { title, given, lines, ends } of sequences)
  testNeeding(together, ["dkms"], title, async (part) => {
    await inTwins(twinWorld(part("dkms")), async (world) => {
      if (given) world.each(given);
      for (const line of lines) {
        const { ours, theirs } = await world.run(line.split(" "));
        assert.is(ours.exitCode, theirs.exitCode, `${line}\n${ours.stderr}\n${theirs.stdout}${theirs.stderr}`);
      }
      const { ours, theirs } = await world.run(["status"]);
      assert.is(ours.stdout, theirs.stdout);
      assert.equal(ours.stdout.trim().split("\n"), ends);
    });
  });

testNeeding(
  together,
  ["dkms"],
  "what was built against another version of a dependency is built anew",
  async (part) => {
    await inTwins(twinWorld(part("dkms")), async (world) => {
      world.each((tree) => {
        append(tree, "demo-1.0", "BUILD_DEPENDS[0]=other");
        append(tree, "demo-1.0", "BUILD_DEPENDS_REBUILD=yes");
      });
      const marks: string[] = [];
      for (const line of ["add demo/1.0", "add other/1.0", `autoinstall ${k1}`, "add other/2.0", `autoinstall ${k1}`]) {
        const { ours, theirs } = await world.run(line.split(" "));
        assert.equal([ours.exitCode, theirs.exitCode], [0, 0], line);
        const found = new Set<string>();
        world.each((tree) => found.add(read(tree, "var/lib/dkms/demo/1.0/6.1.0-1/x86_64/.dep_other")));
        assert.is(found.size, 1, "both programs note the same version");
        marks.push(...found);
      }
      assert.equal(marks, ["", "", "1.0", "1.0", "2.0"]);
    });
  },
);

testNeeding(
  together,
  ["dkms"],
  "one unusable dkms.conf does not keep the others from being installed",
  async (part) => {
    await inTwins(twinWorld(part("dkms")), async (world) => {
      for (const line of ["add demo/1.0", "add other/1.0"]) await world.run(line.split(" "));
      world.each((tree) => append(tree, "demo-1.0", "AUTOINSTALL=maybe"));
      const { ours, theirs } = await world.run(["autoinstall", "-k", "6.1.0-1"]);
      assert.is(theirs.exitCode, 8, "dell/dkms gives up");
      assert.is(ours.exitCode, 11);
      assert.match((await world.run(["status"])).ours.stdout, "other/1.0, 6.1.0-1, x86_64: installed\n");
    });
  },
);

testNeeding(together, ["dkms"], "kernel_preinst leaves what could not be built again", async (part) => {
  await inTwins(twinWorld(part("dkms")), async (world) => {
    for (const name of ["demo", "other"]) await world.run(`install ${name}/1.0 ${k1}`.split(" "));
    world.each((tree) => fs.rmSync(tree.at("usr/src/demo-1.0/made"), { recursive: true }));
    const { ours, theirs } = await world.run(`kernel_preinst ${k1}`.split(" "));
    assert.equal([ours.exitCode, theirs.exitCode], [0, 0]);
    assert.match(ours.stderr, "demo/1.0 stays");
    const status = await world.run(["status"]);
    assert.is(status.theirs.stdout, "demo/1.0: added\nother/1.0: added\n");
    assert.is(status.ours.stdout, "demo/1.0, 6.1.0-1, x86_64: installed\nother/1.0: added\n");
  });
});

testNeeding(together, ["dkms"], "match installs what is installed for another kernel", async (part) => {
  await inTwins(twinWorld(part("dkms")), async (world) => {
    for (const line of [`install demo/1.0 ${k1}`, `build other/1.0 ${k1}`]) await world.run(line.split(" "));
    const { ours, theirs } = await world.run(`match --templatekernel 6.1.0-1 ${k2}`.split(" "));
    assert.is(theirs.exitCode, 2, "dell/dkms 3.2.2 cannot do it");
    assert.is(ours.exitCode, 0);
    const { stdout } = (await world.run(["status", "-k", "6.1.0-2"])).ours;
    assert.is(stdout, "demo/1.0, 6.1.0-2, x86_64: installed\nother/1.0: added\n");
  });
});

testNeeding(together, ["dkms"], "an rpm that is upgraded to the same version keeps the module", async (part) => {
  await inTwins(twinWorld(part("dkms")), async (world) => {
    const lines = ["add demo/1.0 --rpm_safe_upgrade", "remove demo/1.0 --all --rpm_safe_upgrade"];
    for (const line of lines) {
      const { ours, theirs } = await world.run(line.split(" "));
      assert.equal([ours.exitCode, theirs.exitCode], [0, 0], line);
      assert.is((await world.run(["status"])).ours.stdout, "demo/1.0: added\n");
    }
    const again = await world.run("remove demo/1.0 --all --rpm_safe_upgrade".split(" "));
    assert.equal([again.ours.exitCode, again.theirs.exitCode], [0, 0]);
    const { ours, theirs } = await world.run(["status"]);
    assert.equal([ours.stdout, theirs.stdout], ["", ""]);
  });
});

testNeeding(together, ["dkms", "flock"], "75 while another run holds the lock; status needs none", async (part) => {
  await inTwins(twinWorld(part("dkms")), async (world) => {
    world.each((tree) => void tree.write("var/lib/dkms/.dkms-agent/lock", ""));
    const lock = "var/lib/dkms/.dkms-agent/lock";
    const prefix = [part("flock").path, "--exclusive", "--no-fork", lock];
    const { ours } = await world.run("add demo/1.0 --lock-timeout 0".split(" "), { prefix });
    assert.is(ours.exitCode, 75, ours.stderr);
    assert.match(ours.stderr, "Another run holds the lock");
    assert.is((await world.run(["status"], { prefix })).ours.exitCode, 0);
  });
});

together.run();

async function inTwins(world: TwinWorld, work: (world: TwinWorld) => Promise<void>): Promise<void> {
  try {
    await work(world);
  } finally {
    world.remove();
  }
}

function append(tree: TreeBuilder, source: string, line: string): void {
  fs.appendFileSync(tree.at("usr/src", source, "dkms.conf"), `${line}\n`);
}

function replaceIn(tree: TreeBuilder, source: string, before: string, after: string): void {
  const file = tree.at("usr/src", source, "dkms.conf");
  fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace(before, after));
}

function read(tree: TreeBuilder, file: string): string {
  return fs.existsSync(tree.at(file)) ? fs.readFileSync(tree.at(file), "utf8").trim() : "";
}
