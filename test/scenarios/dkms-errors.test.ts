import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ProgramOptions } from "../rig/run-program.ts";
import { testNeeding } from "../rig/test-needing.ts";
import type { TreeBuilder } from "../rig/tree-builder.ts";
import { twinWorld } from "../rig/twin-world.ts";

/** A common mistake, and what the message must say. */
interface Mistake {
  readonly how: string;
  readonly words: string;
  readonly given?: (tree: TreeBuilder) => void;
  readonly options?: ProgramOptions;
  /** The thing, the place, the remedy, the nearest existing name; `ROOT` is the machine's own. */
  readonly says: readonly string[];
}

const k1 = "-k 6.1.0-1";

const mistakes: readonly Mistake[] = [
  {
    how: "a typo in the module",
    words: `install dmeo/1.0 ${k1}`,
    says: ["dmeo/1.0", "ROOT/usr/src/dmeo-1.0 does not exist", "Did you mean demo/1.0?", "Put the source there"],
  },
  {
    how: "a version that is not there",
    words: `build demo/1.1 ${k1}`,
    says: [
      "demo/1.1",
      "ROOT/usr/src/demo-1.1",
      "Did you mean demo/1.0?",
      "The source tree has demo/1.0, demo/2.0.",
      "Put the source there",
    ],
  },
  {
    how: "a typo in a module that is removed",
    given: (tree) => void tree.module("hello/1.0"),
    words: "remove helo/1.0 --all",
    says: ["helo/1.0 is not in the DKMS tree", "Did you mean hello/1.0?"],
  },
  {
    how: "a path that is not there",
    words: "add ./srv/dmeo",
    says: ["./srv/dmeo is no directory with a dkms.conf", "Correct the path"],
  },
  {
    how: "a path from the root that is not there",
    words: "add /srv/none/dmeo",
    says: [
      "No name of the module",
      "A path is taken for that of a module only where it is there and holds a dkms.conf",
    ],
  },
  {
    how: "a module without its version",
    given: (tree) => void tree.module("hello/1.2"),
    words: "remove hello --all",
    says: ["No version of hello", "hello/1.2", "Write it as NAME/VERSION.\n"],
  },
  {
    how: "headers missing, and a typo in the kernel",
    words: "build demo/1.0 -k 6.1.0-11",
    says: ["6.1.0-11", "ROOT/lib/modules/6.1.0-11", "Did you mean 6.1.0-1?", "linux-headers-6.1.0-11"],
  },
  {
    how: "headers missing",
    given: (tree) => fs.rmSync(tree.at("lib/modules/6.1.0-1/build")),
    words: `build demo/1.0 ${k1}`,
    says: ["headers of 6.1.0-1", "ROOT/lib/modules/6.1.0-1/build/include does not exist", "linux-headers-6.1.0-1"],
  },
  {
    how: "no dkms.conf",
    given: (tree) => fs.rmSync(tree.at("usr/src/demo-1.0/dkms.conf")),
    words: "add demo/1.0",
    says: ["no dkms.conf", "ROOT/usr/src/demo-1.0", "Name the directory of a DKMS module"],
  },
  {
    how: "PACKAGE_VERSION is not the directory's",
    given: (tree) => replaceIn(tree, "usr/src/demo-1.0/dkms.conf", "PACKAGE_VERSION=1.0", "PACKAGE_VERSION=1.5"),
    words: `build demo/1.0 ${k1}`,
    says: ["ROOT/usr/src/demo-1.0/dkms.conf is that of demo/1.5, not of demo/1.0", "Add it as demo/1.5, or correct"],
  },
  {
    how: "a source link that leads nowhere",
    given: (tree) => void tree.module("broken/1.0", { link: "dangling" }),
    words: `build broken/1.0 ${k1}`,
    says: [
      "broken/1.0 is broken",
      "ROOT/var/lib/dkms/broken/1.0/source",
      "Put the source back to ROOT/usr/src/broken-1.0",
    ],
  },
  {
    how: "added already",
    given: (tree) => void tree.module("hello/1.0"),
    words: "add hello/1.0",
    says: ["hello/1.0 is added already", "ROOT/var/lib/dkms/hello/1.0", "dkms remove hello/1.0 --all"],
  },
  {
    how: "not root",
    words: `autoinstall ${k1}`,
    options: { prefix: ["setpriv", "--reuid=65534", "--clear-groups"] },
    says: ["autoinstall", "only root may", "sudo dkms autoinstall"],
  },
  {
    how: "the wrong architecture",
    given: (tree) => fs.appendFileSync(tree.at("usr/src/demo-1.0/dkms.conf"), "BUILD_EXCLUSIVE_ARCH=^x86_64\n"),
    words: `build demo/1.0 ${k1}/x86-64`,
    says: ["demo/1.0", "x86-64", 'BUILD_EXCLUSIVE_ARCH="^x86_64"', 'Did you mean "x86_64"?'],
  },
  {
    how: "two kernels where one is allowed",
    words: `autoinstall ${k1} -k 6.1.0-2`,
    says: ["autoinstall works for one kernel", "6.1.0-1, 6.1.0-2", "Name one with -k"],
  },
  { how: "a typo in an option", words: "add demo/1.0 --dkmstre /x", says: ["--dkmstre", "Did you mean --dkmstree?"] },
  { how: "a typo in the action", words: "instal demo/1.0", says: ["instal", 'Did you mean "install"?'] },
];

const errors = suite("messages of dkms");

for (const { how, words, given, options = {}, says } of mistakes)
  testNeeding(errors, options.prefix ? ["dkms", "root"] : ["dkms"], how, async (part) => {
    const world = twinWorld(part("dkms"));
    try {
      let root = "";
      world.each((tree) => {
        if (root === "") root = tree.root;
        given?.(tree);
      });
      if (options.prefix) world.openToAll();
      const { ours } = await world.run(words.split(" "), options);
      for (const text of says) assert.match(ours.stderr, text.replaceAll("ROOT", root), how);
      assert.not.match(ours.stderr, "bug");
    } finally {
      world.remove();
    }
  });

errors.run();

function replaceIn(tree: TreeBuilder, file: string, before: string, after: string): void {
  tree.write(file, fs.readFileSync(tree.at(file), "utf8").replace(before, after));
}
