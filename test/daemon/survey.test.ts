import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { changedPlaces, type SurveyScope, survey } from "../../src/daemon/survey.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";

const release = "6.1.0-1-amd64";

function scopeOf(tree: TreeBuilder): SurveyScope {
  return {
    documents: [tree.at("etc/dkms-agent/desired-state")],
    settings: tree.at("etc/dkms-agent/config.yaml"),
    modules: [
      {
        name: "evdi",
        version: "1.0",
        source: undefined,
        tarballs: [{ path: tree.at("srv/evdi.tar.gz"), sha256: "0".repeat(64) }],
      },
    ],
  };
}

/** A machine with one kernel, headers and a document; the places, below the root, that differ after a change. */
function changesBy(change: (tree: TreeBuilder) => void): readonly string[] {
  const tree = dkmsTree();
  try {
    tree.kernel(release);
    tree.write("etc/dkms-agent/desired-state/a.yaml", "modules: []\n");
    tree.write(`lib/modules/${release}/updates/dkms/evdi.ko`, "object");
    const look = () => survey(tree.host(), scopeOf(tree));
    const before = look();
    assert.equal(changedPlaces(before, look()), [], "a look changes nothing");
    change(tree);
    return changedPlaces(before, look()).map((place) => place.slice(tree.root.length + 1));
  } finally {
    tree.remove();
  }
}

const look = suite("survey");

for (const [what, change, places] of [
  [
    "a new document",
    (tree) => tree.write("etc/dkms-agent/desired-state/b.yaml", ""),
    ["etc/dkms-agent/desired-state/b.yaml"],
  ],
  [
    "a document that is replaced by one of the same size",
    (tree) => {
      fs.renameSync(tree.write("new", "modules: {}\n"), tree.at("etc/dkms-agent/desired-state/a.yaml"));
    },
    ["etc/dkms-agent/desired-state/a.yaml"],
  ],
  [
    "a document that becomes a directory",
    (tree) => {
      fs.rmSync(tree.at("etc/dkms-agent/desired-state/a.yaml"));
      fs.mkdirSync(tree.at("etc/dkms-agent/desired-state/a.yaml"));
    },
    ["etc/dkms-agent/desired-state/a.yaml"],
  ],
  ["the settings", (tree) => tree.write("etc/dkms-agent/config.yaml", ""), ["etc/dkms-agent/config.yaml"]],
  ["an archive", (tree) => tree.write("srv/evdi.tar.gz", ""), ["srv/evdi.tar.gz"]],
  ["a source", (tree) => tree.write("usr/src/evdi-1.0/dkms.conf", ""), ["usr/src/evdi-1.0/dkms.conf"]],
  [
    "an object that is lost",
    (tree) => fs.rmSync(tree.at(`lib/modules/${release}/updates/dkms/evdi.ko`)),
    [`lib/modules/${release}/updates/dkms/evdi.ko`],
  ],
  [
    "who may write to the documents",
    (tree) => fs.chmodSync(tree.at("etc/dkms-agent/desired-state"), 0o777),
    ["etc/dkms-agent/desired-state"],
  ],
  [
    "documents that are gone",
    (tree) => fs.rmSync(tree.at("etc/dkms-agent"), { recursive: true }),
    ["etc/dkms-agent/desired-state", "etc/dkms-agent/desired-state/a.yaml"],
  ],
] as const satisfies readonly (readonly [string, (tree: TreeBuilder) => unknown, readonly string[]])[]) {
  look(`sees ${what}`, () => assert.equal(changesBy(change), places));
}

look("sees a new kernel, and its headers when they come after it", () => {
  const tree = dkmsTree();
  const scope = scopeOf(tree);
  const steps = [
    () => fs.mkdirSync(tree.at("lib/modules", release), { recursive: true }),
    () => fs.mkdirSync(tree.at("usr/src/headers/include/generated"), { recursive: true }),
    () => tree.link(tree.at("usr/src/headers"), `lib/modules/${release}/build`),
    () => tree.write("usr/src/headers/Module.symvers", ""),
    () => tree.write("usr/src/headers/include/generated/utsrelease.h", ""),
  ];
  const seen = steps.map((step) => {
    const before = survey(tree.host(), scope);
    step();
    return changedPlaces(before, survey(tree.host(), scope)).length > 0;
  });
  // Of headers to which nothing leads, nothing is known.
  assert.equal(seen, [true, false, true, true, true]);
  const { directories, marks } = survey(tree.host(), scope);
  assert.is(marks.get(tree.at("lib/modules", release, "build")), tree.at("usr/src/headers"));
  for (const place of ["usr/src/headers", "usr/src/headers/include/generated", `lib/modules/${release}`])
    assert.ok(directories.has(tree.at(place)), place);
  tree.remove();
});

look("does not see what counts for nothing", () => {
  const nothing = (tree: TreeBuilder) => {
    tree.write("etc/dkms-agent/desired-state/.a.yaml.swp", "");
    tree.write("etc/dkms-agent/other", "");
    tree.write("srv/other.tar.gz", "");
    tree.write(`lib/modules/${release}/modules.alias`, "new");
    tree.write(`lib/modules/${release}/modules.dep`, "new");
    tree.write("var/lib/dkms/evdi/1.0/log/make.log", "");
  };
  assert.equal(changesBy(nothing), []);
});

look("what is not there is seen to come by the nearest directory above it", () => {
  const tree = dkmsTree();
  const { directories } = survey(tree.host(), scopeOf(tree));
  assert.ok(directories.has(tree.root));
  for (const directory of directories) assert.ok(fs.statSync(directory).isDirectory(), directory);
  tree.remove();
});

look.run();
