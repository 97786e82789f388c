import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ProgramOptions } from "../rig/run-program.ts";
import { testNeeding } from "../rig/test-needing.ts";
import type { TreeBuilder } from "../rig/tree-builder.ts";
import { twinWorld } from "../rig/twin-world.ts";

/** One way to come to an exit code. */
interface Case {
  readonly how: string;
  readonly words: string;
  /** What both machines are like before. */
  readonly given?: (tree: TreeBuilder) => void;
  /** Command lines that come first, with 0. */
  readonly after?: readonly string[];
  /** As a user who may not write. */
  readonly asNobody?: boolean;
}

const k1 = "-k 6.1.0-1";
const nobody: ProgramOptions = { prefix: ["setpriv", "--reuid=65534", "--clear-groups"] };
const broken = (tree: TreeBuilder) => void tree.module("broken/1.0", { link: "dangling" });
const installed = [`install demo/1.0 ${k1}`];

/** The exit codes of dell/dkms 3.2.2 and what leads to each, but for 12, which has a test of its own below. */
const table: Readonly<Record<number, readonly Case[]>> = {
  0: [
    {
      how: "force goes on after PRE_INSTALL",
      given: script("PRE_INSTALL", 3),
      words: `install demo/1.0 ${k1} --force`,
    },
    {
      how: "an option of a configuration that is not there excludes nothing",
      given: (tree) => {
        fs.rmSync(tree.at("usr/headers-6.1.0-1/include/config/auto.conf"));
        conf("BUILD_EXCLUSIVE_CONFIG=CONFIG_NOSUCH")(tree);
      },
      words: `build demo/1.0 ${k1}`,
    },
    { how: "what is built is built", after: [`build demo/1.0 ${k1}`], words: `build demo/1.0 ${k1}` },
    { how: "what is installed is installed", after: installed, words: `install demo/1.0 ${k1}` },
    { how: "what is not installed is uninstalled", after: ["add demo/1.0"], words: `uninstall demo/1.0 ${k1}` },
    { how: "what is not built is unbuilt", after: ["add demo/1.0"], words: `unbuild demo/1.0 ${k1}` },
    { how: "nothing to install by itself", words: `autoinstall ${k1}` },
    { how: "the last build goes, and the module with it", after: installed, words: `remove demo/1.0 ${k1}` },
    { how: "status of nothing", words: "status" },
    { how: "the source alone is packed", after: ["add demo/1.0"], words: "mktarball demo/1.0 --source-only" },
    { how: "of all kernels there are none", after: ["add demo/1.0"], words: "mktarball demo/1.0 --all" },
    {
      how: "somebody else than root packs what everybody may read",
      given: (tree) => {
        fs.mkdirSync(tree.at("open"));
        fs.chmodSync(tree.at("open"), 0o777);
      },
      after: ["add demo/1.0"],
      words: "mktarball demo/1.0 --source-only --archive ROOT/open/demo.tar.gz",
      asNobody: true,
    },
  ],
  1: [
    { how: "no module is given", words: `build ${k1}` },
    { how: "no version is given", words: "remove demo --all" },
    { how: "match without a template", words: `match ${k1}` },
    { how: "two architectures for one kernel", words: `build demo/1.0 ${k1} -a x86_64 -a i686` },
    { how: "two architectures for one kernel and all", words: `remove demo/1.0 --all ${k1} -a x86_64 -a i686` },
    { how: "two architectures together with --all", words: "remove demo/1.0 --all -a x86_64 -a i686" },
    { how: "somebody else than root", words: `autoinstall ${k1}`, asNobody: true },
    { how: "a tree that cannot be written", words: "add demo/1.0", asNobody: true },
  ],
  2: [
    { how: "an unknown option", words: "add demo/1.0 --forse" },
    { how: "no source", words: "add demo/9.9" },
    { how: "no source to build", words: `build nosuch/1.0 ${k1}` },
    { how: "-k together with --all", words: `remove demo/1.0 --all ${k1}` },
    { how: "an archive that is not there", words: "ldtarball ROOT/nosuch.tar.gz" },
    { how: "a template that is the kernel itself", words: `match --templatekernel 6.1.0-1 ${k1}` },
  ],
  3: [
    { how: "added already", after: ["add demo/1.0"], words: "add demo/1.0" },
    { how: "added already, by directory", after: ["add demo/1.0"], words: "add ROOT/usr/src/demo-1.0" },
    ...["remove", "uninstall", "unbuild", "mktarball"].map((verb) => ({
      how: `${verb} of what is not in the tree`,
      words: `${verb} demo/1.0`,
    })),
    { how: "match of what is not in the tree", words: `match --templatekernel 6.1.0-2 ${k1} demo` },
    { how: "-a together with --all", words: "remove demo/1.0 --all -a x86_64" },
  ],
  4: [
    { how: "two actions", words: "add build demo/1.0" },
    { how: "no dkms.conf", given: (tree) => fs.rmSync(tree.at("usr/src/demo-1.0/dkms.conf")), words: "add demo/1.0" },
    { how: "no dkms.conf where -c says", words: "add demo/1.0 -c ROOT/nosuch.conf" },
    ...["build", "install", "uninstall", "unbuild", "remove", "mktarball"].map((verb) => ({
      how: `${verb} of a broken module`,
      given: broken,
      words: `${verb} broken/1.0 ${k1}`,
    })),
    { how: "several kernels where one is needed", words: `autoinstall ${k1} -k 6.1.0-2` },
    { how: "no kernel where one is needed", words: "kernel_postinst" },
  ],
  5: [
    ...["add", "build", "install", "match", "autoinstall"].map((verb) => ({
      how: `--all with ${verb}`,
      words: `${verb} --all`,
    })),
    { how: "a patch that is missing", given: conf("PATCH[0]=nosuch.patch"), words: `build demo/1.0 ${k1}` },
    { how: "a patch from elsewhere", given: conf("PATCH[0]=../x.patch"), words: `build demo/1.0 ${k1}` },
  ],
  6: [
    {
      how: "a patch that does not apply",
      given: (tree) => {
        conf("PATCH[0]=bad.patch")(tree);
        tree.write("usr/src/demo-1.0/patches/bad.patch", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-nothing\n+something\n");
      },
      words: `build demo/1.0 ${k1}`,
    },
    {
      how: "no such kernel",
      given: (tree) => void tree.module("gone/1.0").built("6.1.0-9"),
      words: "install gone/1.0 -k 6.1.0-9",
    },
    { how: "a newer version is installed", after: [`install demo/2.0 ${k1}`], words: `install demo/1.0 ${k1}` },
    {
      how: "one release has one install tree: two architectures do not share it",
      words: `install demo/1.0 ${k1}/x86_64 ${k1}/i686`,
    },
    { how: "mktarball of what is not built", after: ["add demo/1.0"], words: `mktarball demo/1.0 ${k1}` },
    {
      how: "mktarball into a directory",
      after: ["add demo/1.0"],
      words: "mktarball demo/1.0 --source-only --archive ROOT/usr/src",
    },
  ],
  7: [{ how: "make makes nothing", given: conf('MAKE[0]="true"'), words: `build demo/1.0 ${k1}` }],
  8: [
    { how: "an invalid dkms.conf", given: conf("AUTOINSTALL=maybe"), words: "add demo/1.0" },
    { how: "nothing to build from", given: (tree) => removeSource(tree), words: `build demo/1.0 ${k1}` },
    { how: "nothing to build from comes before no kernel", given: removeSource, words: "build demo/1.0 -k 6.1.0-9" },
    { how: "neither source nor binaries", words: "mktarball demo/1.0 --source-only --binaries-only" },
  ],
  9: [
    { how: "an rpm that is none", given: (tree) => void tree.write("bad.rpm", "bad"), words: "install ROOT/bad.rpm" },
    {
      how: "a tarball where nobody may write",
      after: ["add demo/1.0"],
      words: "mktarball demo/1.0 --source-only",
      asNobody: true,
    },
  ],
  10: [{ how: "make fails", given: conf('MAKE[0]="false"'), words: `build demo/1.0 ${k1}` }],
  11: [
    {
      how: "a module fails, and the other is installed",
      given: conf('MAKE[0]="false"'),
      after: ["add demo/1.0", "add other/1.0"],
      words: `autoinstall ${k1}`,
    },
    {
      how: "a dependency is missing",
      given: conf("BUILD_DEPENDS=nosuch"),
      after: ["add demo/1.0"],
      words: `kernel_postinst ${k1}`,
    },
  ],
  13: [{ how: "a dependency is not installed", given: conf("BUILD_DEPENDS=other"), words: `install demo/1.0 ${k1}` }],
  14: [
    {
      how: "a broken module stays for a kernel that goes",
      given: (tree) => void tree.module("broken/1.0", { link: "dangling" }).installed("6.1.0-1"),
      words: `kernel_prerm ${k1}`,
    },
  ],
  16: [
    { how: "an empty kernel", words: "build demo/1.0 -k ''" },
    { how: "an empty architecture", words: `remove demo/1.0 ${k1} -a ''` },
  ],
  21: [
    {
      how: "no headers",
      given: (tree) => fs.rmSync(tree.at("lib/modules/6.1.0-1/build")),
      words: `build demo/1.0 ${k1}`,
    },
    { how: "no such kernel", words: "install demo/1.0 -k 6.1.0-9" },
    {
      how: "no headers comes before a dependency, and before options of the configuration",
      given: (tree) => {
        conf("BUILD_DEPENDS=nosuch")(tree);
        conf("BUILD_EXCLUSIVE_CONFIG=CONFIG_NOSUCH")(tree);
      },
      words: "build demo/1.0 -k 6.1.0-9",
    },
    { how: "no headers for what is to come", after: ["add demo/1.0"], words: "autoinstall -k 6.1.0-9" },
    { how: "other headers that are none", words: `build demo/1.0 ${k1} --kernelsourcedir ROOT/nosuch` },
  ],
  37: [{ how: "PRE_BUILD's own code", given: script("PRE_BUILD", 37), words: `build demo/1.0 ${k1}` }],
  77: [
    { how: "not meant for this kernel", given: conf("BUILD_EXCLUSIVE_KERNEL=^7"), words: `build demo/1.0 ${k1}` },
    {
      how: "not meant for it comes before no such kernel",
      given: conf("BUILD_EXCLUSIVE_KERNEL=^7"),
      words: "build demo/1.0 -k 6.1.0-9",
    },
    {
      how: "not meant for it comes before nothing to build from",
      given: (tree) => {
        conf("BUILD_EXCLUSIVE_KERNEL=^7")(tree);
        removeSource(tree);
      },
      words: `build demo/1.0 ${k1}`,
    },
    { how: "not even by force", given: conf("BUILD_EXCLUSIVE_ARCH=sparc"), words: `install demo/1.0 ${k1} --force` },
  ],
  101: [
    { how: "PRE_INSTALL fails", given: script("PRE_INSTALL", 3), words: `install demo/1.0 ${k1}` },
    {
      how: "the version check may be overridden, PRE_INSTALL not",
      given: script("PRE_INSTALL", 3),
      words: `install demo/1.0 ${k1} --force-version-override`,
    },
    {
      how: "PRE_INSTALL comes before the version check",
      given: script("PRE_INSTALL", 3),
      after: [`install demo/2.0 ${k1}`],
      words: `install demo/1.0 ${k1}`,
    },
  ],
};

const codes = suite("exit codes of dkms");

for (const [code, cases] of Object.entries(table))
  for (const one of cases)
    testNeeding(codes, one.asNobody ? ["dkms", "root"] : ["dkms"], `${code}: ${one.how}`, async (part) => {
      const world = twinWorld(part("dkms"));
      try {
        if (one.asNobody) world.openToAll();
        if (one.given) world.each(one.given);
        for (const line of one.after ?? []) {
          const { ours, theirs } = await world.run(wordsOf(line));
          assert.equal([ours.exitCode, theirs.exitCode], [0, 0], `${line}: ${ours.stderr}${theirs.stderr}`);
        }
        const { ours, theirs } = await world.run(wordsOf(one.words), one.asNobody ? nobody : {});
        assert.is(theirs.exitCode, Number(code), `dell/dkms: ${theirs.stdout}${theirs.stderr}`);
        assert.is(ours.exitCode, Number(code), `dkms-agent: ${ours.stdout}${ours.stderr}`);
        if (code !== "0") assert.not.match(ours.stderr, "bug");
      } finally {
        world.remove();
      }
    });

// 12 is for a machine that does not know its own architecture; dell/dkms 3.2.2 says 16 of it, and we ask nobody but the kernel.
testNeeding(codes, ["dkms"], "12 is not reached: without an architecture it is 16", async (part) => {
  const world = twinWorld(part("dkms"));
  try {
    world.each((tree) =>
      fs.chmodSync(tree.write("bin/uname", '#!/bin/sh\n[ "$1" = -m ] || exec /bin/uname "$@"\n'), 0o755),
    );
    const prefix = ["sh", "-c", 'PATH="$PWD/bin:$PATH"; exec "$@"', "sh"];
    const { ours, theirs } = await world.run(wordsOf("add demo/1.0"), { prefix });
    assert.equal([ours.exitCode, theirs.exitCode], [0, 16], ours.stderr);
  } finally {
    world.remove();
  }
});

// dell/dkms 3.2.2 does not notice that depmod fails, and exits with 0: the table's code is that of its documentation.
testNeeding(
  codes,
  ["dkms", "root", "unshare", "kmod"],
  "6: depmod fails, and the install is taken back",
  async (part) => {
    const world = twinWorld(part("dkms"));
    try {
      world.each((tree) => {
        tree.write("lib/modules/6.1.0-1/modules.dep", "");
        fs.copyFileSync(fs.realpathSync(part("kmod").path), tree.at("kmod"));
        const lines = ["#!/bin/bash", "[[ $0 == *depmod ]] && exit 1", `exec -a "$0" "${tree.at("kmod")}" "$@"`];
        fs.chmodSync(tree.write("depmod", `${lines.join("\n")}\n`), 0o755);
      });
      const fake = 'mount --bind "$PWD/depmod" "$(readlink -f "$(command -v depmod)")"';
      const modules = 'mount --bind "$PWD/lib/modules" /lib/modules';
      const prefix = ["unshare", "--mount", "--propagation", "private", "sh", "-c", `${fake}; ${modules}; exec "$@"`];
      const { ours, theirs } = await world.run(wordsOf(`install demo/1.0 ${k1}`), { prefix: [...prefix, "sh"] });
      assert.is(theirs.exitCode, 0, `dell/dkms: ${theirs.stdout}${theirs.stderr}`);
      assert.is(ours.exitCode, 6, `dkms-agent: ${ours.stdout}${ours.stderr}`);
      assert.is((await world.run(["status"])).ours.stdout, "demo/1.0, 6.1.0-1, x86_64: built\n");
    } finally {
      world.remove();
    }
  },
);

codes.run();

function wordsOf(line: string): readonly string[] {
  return line.split(" ").map((word) => (word === "''" ? "" : word));
}

/** One more line of demo's dkms.conf. */
function conf(line: string): (tree: TreeBuilder) => void {
  return (tree) => fs.appendFileSync(tree.at("usr/src/demo-1.0/dkms.conf"), `${line}\n`);
}

function script(name: string, exitCode: number): (tree: TreeBuilder) => void {
  return (tree) => {
    conf(`${name}=script`)(tree);
    fs.writeFileSync(tree.at("usr/src/demo-1.0/script"), `#!/bin/sh\nexit ${exitCode}\n`, { mode: 0o755 });
  };
}

function removeSource(tree: TreeBuilder): void {
  fs.rmSync(tree.at("usr/src/demo-1.0/made"), { recursive: true });
}
