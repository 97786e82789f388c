import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sweepState } from "../../../src/apply/sweep-state.ts";
import type { Result } from "../../../src/dkms/failure.ts";
import { install } from "../../../src/dkms/verbs/install.ts";
import { repair } from "../../../src/dkms/verbs/repair.ts";
import { sweep } from "../../../src/dkms/verbs/sweep.ts";
import { uninstall } from "../../../src/dkms/verbs/uninstall.ts";
import type { Done } from "../../../src/dkms/verbs/verb.ts";
import type { Host } from "../../../src/host/host.ts";
import { fakeObject } from "../../rig/fake-object.ts";
import { filesKilledAt, filesWatchedBy } from "../../rig/interrupted-files.ts";
import type { ModuleBuilder, ModuleOptions, TreeBuilder } from "../../rig/tree-builder.ts";
import { filesBelow } from "../../rig/tree-listing.ts";
import {
  demo,
  expectDone,
  expectFailure,
  expectUndoable,
  expectUntouched,
  expectUntouchedWhenFull,
  release,
  trees,
  verbWorld,
} from "../../rig/verb-world.ts";

const installing = suite<{ tree: TreeBuilder }>("install");
const instance = demo();
const modules = `lib/modules/${release}`;
const originals = `var/lib/dkms/demo/original_module/${release}/x86_64`;
const link = `var/lib/dkms/demo/kernel-${release}-x86_64`;

installing.before.each((context) => {
  context.tree = verbWorld();
});
installing.after.each(({ tree }) => tree.remove());

/** Two objects, built for the kernel; each version's differ. */
function built(tree: TreeBuilder, version = "1.0", options: ModuleOptions = {}): ModuleBuilder {
  const { objects = ["demo_a", "demo_b"] } = options;
  const contents = objects.map((name) => [`${name}.ko`, object(name, version)] as const);
  return tree
    .module(`demo/${version}`, { objects, ...options })
    .built(release, { objects: Object.fromEntries(contents) });
}

function object(name: string, version: string | undefined, filling = version ?? ""): Buffer {
  return fakeObject({ name, release, filling, srcversion: filling, ...(version === undefined ? {} : { version }) });
}

function conf(more: string): string {
  const object = (name: string, at: number) =>
    `BUILT_MODULE_NAME[${at}]=${name}\nDEST_MODULE_LOCATION[${at}]=/updates\n`;
  return `PACKAGE_NAME=demo\nPACKAGE_VERSION=1.0\n${object("demo_a", 0)}${object("demo_b", 1)}${more}`;
}

installing("puts the objects and the link in place, and can take it back", async ({ tree }) => {
  built(tree);
  await expectUndoable(tree, () => install(tree.host(), instance));
  assert.equal(fs.readdirSync(tree.at(modules, "updates/dkms")), ["demo_a.ko", "demo_b.ko"]);
  assert.equal(fs.readFileSync(tree.at(modules, "updates/dkms/demo_a.ko")), object("demo_a", "1.0"));
  assert.is(fs.readlinkSync(tree.at(link)), `1.0/${release}/x86_64`);
});

installing("does nothing the second time", async ({ tree }) => {
  built(tree);
  expectDone(await install(tree.host(), instance)).undo.commit();
  const before = trees(tree);
  assert.is(expectDone(await install(tree.host(), instance)).changed, false);
  assert.equal(trees(tree), before);
});

for (const [title, damage] of [
  ["is gone", (file: string) => fs.rmSync(file)],
  ["differs", (file: string) => fs.appendFileSync(file, "x")],
  [
    "has become a link",
    (file: string) => {
      fs.rmSync(file);
      fs.symlinkSync("demo_b.ko", file);
    },
  ],
  ["lies beside an older, compressed one", (file: string) => fs.writeFileSync(`${file}.xz`, "")],
] as const)
  installing(`installs again when an object ${title}`, async ({ tree }) => {
    built(tree);
    expectDone(await install(tree.host(), instance)).undo.commit();
    const before = trees(tree);
    damage(tree.at(modules, "updates/dkms/demo_a.ko"));
    await expectUndoable(tree, () => install(tree.host(), instance));
    assert.equal(trees(tree), before);
  });

installing("sends objects where dkms.conf says on an unknown distribution", async ({ tree }) => {
  tree.write("etc/os-release", "ID=other\n");
  built(tree, "1.0", { destination: "/extra/deep" });
  await expectUndoable(tree, () => install(tree.host(), instance));
  assert.equal(fs.readdirSync(tree.at(modules, "extra/deep")), ["demo_a.ko", "demo_b.ko"]);
});

installing("keeps the kernel's own object until uninstall puts it back", async ({ tree }) => {
  built(tree);
  tree.write(`${modules}/kernel/misc/demo_a.ko`, object("demo_a", undefined, "kernel"));
  const before = trees(tree);
  const done = await expectUndoable(tree, () => install(tree.host(), instance));
  assert.equal(filesBelow(tree.at(originals)), ["demo_a.ko", "demo_a.ko.origin"]);
  assert.is(fs.readFileSync(tree.at(originals, "demo_a.ko.origin"), "utf8"), `/${modules}/kernel/misc/demo_a.ko\n`);
  assert.equal(fs.readdirSync(tree.at(modules, "kernel/misc")), []);
  assert.match(done.notices.join(), /kernel\/misc\/demo_a\.ko is kept in original_module/);
  await expectUndoable(tree, () => uninstall(tree.host(), instance));
  assert.equal(trees(tree), before);
});

installing("keeps several same-named objects, also compressed and at its own place", async ({ tree }) => {
  built(tree);
  for (const place of ["extra/demo_a.ko", "updates/dkms/demo_a.ko", "kernel/x/demo_a.ko.xz", "kernel/y/demo_b.ko"])
    tree.write(`${modules}/${place}`, object("demo", undefined, place));
  const before = trees(tree);
  await expectUndoable(tree, () => install(tree.host(), instance));
  assert.equal(
    filesBelow(tree.at(originals)).filter((file) => !file.endsWith(".origin")),
    ["collisions/kernel/x/demo_a.ko.xz", "collisions/updates/dkms/demo_a.ko", "demo_a.ko", "demo_b.ko"],
  );
  assert.equal(
    filesBelow(tree.at(modules)).filter((file) => file.includes("demo")),
    ["updates/dkms/demo_a.ko", "updates/dkms/demo_b.ko"],
  );
  await expectUndoable(tree, () => uninstall(tree.host(), instance));
  assert.equal(trees(tree), before);
});

installing("keeps the object first that dell/dkms would keep", async ({ tree }) => {
  built(tree);
  for (const place of ["kernel/demo_a.ko", "updates/demo_a.ko"])
    tree.write(`${modules}/${place}`, object("demo", undefined, place));
  expectDone(await install(tree.host(), instance)).undo.commit();
  assert.is(fs.readFileSync(tree.at(originals, "demo_a.ko.origin"), "utf8"), `/${modules}/updates/demo_a.ko\n`);
});

installing("knows its own objects again without a link, wherever a killed run left them", async ({ tree }) => {
  built(tree);
  for (const place of ["updates/dkms/demo_a.ko", "extra/demo_b.ko"])
    tree.write(`${modules}/${place}`, object(path.basename(place, ".ko"), "1.0"));
  await expectUndoable(tree, () => install(tree.host(), instance));
  assert.not.ok(fs.existsSync(tree.at(originals)));
  assert.not.ok(fs.existsSync(tree.at(modules, "extra")));
});

installing("overwrites half an object that a killed dell/dkms left at its place", async ({ tree }) => {
  built(tree);
  tree.write(`${modules}/updates/dkms/demo_a.ko`, object("demo_a", "1.0").subarray(0, 100));
  expectDone(await install(tree.host(), instance)).undo.commit();
  assert.not.ok(fs.existsSync(tree.at(originals)));
  assert.equal(fs.readFileSync(tree.at(modules, "updates/dkms/demo_a.ko")), object("demo_a", "1.0"));
});

installing("replaces another version, and what has no successor goes with it", async ({ tree }) => {
  built(tree, "1.0", { objects: ["demo_a", "demo_old"] });
  expectDone(await install(tree.host(), instance)).undo.commit();
  built(tree, "2.0");
  const replaces = [instance.module];
  await expectUndoable(tree, () => install(tree.host(), demo("2.0"), { replaces }));
  assert.equal(fs.readdirSync(tree.at(modules, "updates/dkms")), ["demo_a.ko", "demo_b.ko"]);
  assert.is(fs.readlinkSync(tree.at(link)), `2.0/${release}/x86_64`);
  assert.not.ok(fs.existsSync(tree.at(originals)), "the module's own older object is nobody's original");
});

installing("lets no moment pass without the module", async ({ tree }) => {
  built(tree);
  tree.write(`${modules}/kernel/misc/demo_a.ko`, object("demo_a", undefined, "kernel"));
  built(tree, "2.0");
  const moments: string[] = [];
  const { files } = filesWatchedBy(() => {
    const present = filesBelow(tree.at(modules)).some((file) => path.basename(file) === "demo_a.ko");
    if (!present) moments.push("gone");
  });
  const host = tree.host({ files });
  expectDone(await install(host, instance)).undo.commit();
  expectDone(await install(host, demo("2.0"), { replaces: [instance.module] })).undo.commit();
  expectDone(await uninstall(host, demo("2.0"))).undo.restore();
  expectDone(await uninstall(host, demo("2.0"))).undo.commit();
  assert.equal(moments, []);
});

installing("asks before it replaces a version that nobody spoke of", async ({ tree }) => {
  built(tree);
  expectDone(await install(tree.host(), instance)).undo.commit();
  built(tree, "2.0");
  const failure = await expectUntouched(tree, "E_PRECONDITION", () => install(tree.host(), demo("2.0")));
  assert.match(failure.message, /demo\/1\.0 is installed/);
  assert.ok(expectDone(await install(tree.host(), demo("2.0"), { force: true })).changed);
});

/** Another module that is installed with an object of the same name. */
function rival(tree: TreeBuilder, objects = ["demo_a"]): ModuleBuilder {
  const contents = objects.map((name) => [`${name}.ko`, object(name, undefined, "rival")] as const);
  return tree.module("rival/7", { objects }).installed(release, { objects: Object.fromEntries(contents) });
}

for (const [title, spoil] of [
  ["lies where ours would go", () => undefined],
  ["lies elsewhere", (file: string) => fs.renameSync(file, path.join(path.dirname(file), "../demo_a.ko"))],
  ["is missing", (file: string) => fs.rmSync(file)],
] as const)
  installing(`refuses to take another module's object for an original: it ${title}`, async ({ tree }) => {
    built(tree);
    rival(tree);
    spoil(tree.at(modules, "updates/dkms/demo_a.ko"));
    const failure = await expectUntouched(tree, "E_PRECONDITION", () => install(tree.host(), instance));
    assert.match(failure.message, /rival\/7 is installed for .* demo_a/);
    assert.match(failure.remedy ?? "", /uninstall rival\/7.*desired state/is);
    assert.is(failure.dkmsExit, 6);
  });

installing("keeps another module's object like dell/dkms does when it is forced to", async ({ tree }) => {
  built(tree);
  rival(tree);
  const before = trees(tree);
  await expectUndoable(tree, () => install(tree.host(), instance, { force: true }));
  assert.equal(fs.readFileSync(tree.at(originals, "demo_a.ko")), object("demo_a", undefined, "rival"));
  await expectUndoable(tree, () => uninstall(tree.host(), instance));
  assert.equal(trees(tree), before);
});

installing("minds no other module without a common object, nor one that is merely built", async ({ tree }) => {
  built(tree);
  rival(tree, ["demo_c"]);
  tree.module("idle/1", { objects: ["demo_a"] }).built(release);
  await expectUndoable(tree, () => install(tree.host(), instance));
  assert.equal(fs.readdirSync(tree.at(modules, "updates/dkms")), ["demo_a.ko", "demo_b.ko", "demo_c.ko"]);
});

installing("finds nothing to do where it is in place and another module claims the same", async ({ tree }) => {
  built(tree).installed(release);
  tree.module("rival/7", { objects: ["demo_a"] }).built(release);
  tree.link(`7/${release}/x86_64`, `var/lib/dkms/rival/kernel-${release}-x86_64`);
  assert.not.ok(expectDone(await install(tree.host(), instance)).changed);
});

for (const [title, version, code] of [
  ["newer", "3.0", "E_NEWER_INSTALLED"],
  ["of the same version and source", "1.0", "E_NEWER_INSTALLED"],
] as const)
  installing(`leaves an object of the kernel that is ${title}, unless it is forced`, async ({ tree }) => {
    built(tree);
    tree.write(`${modules}/kernel/misc/demo_b.ko`, fakeObject({ name: "demo_b", release, version, srcversion: "1.0" }));
    const failure = await expectUntouched(tree, code, () => install(tree.host(), instance));
    assert.is(failure.path, tree.at(modules, "kernel/misc/demo_b.ko"));
    assert.is(failure.dkmsExit, 6);
    await expectUndoable(tree, () => install(tree.host(), instance, { force: true }));
  });

installing("is forced also by a file of the distribution", async ({ tree }) => {
  built(tree);
  tree.write(`${modules}/kernel/misc/demo_b.ko`, object("demo_b", "3.0"));
  tree.write("usr/share/dkms/modules_to_force_install/some", "other\ndemo_version-override\n");
  assert.ok(expectDone(await install(tree.host(), instance)).changed);
});

installing("runs PRE_INSTALL and POST_INSTALL in the source directory", async ({ tree }) => {
  const script = '#!/bin/sh\necho "$1 $kernelver $(ls $0)" >> ran; readlink ../../kernel-* >> ran; true\n';
  built(tree, "1.0", { conf: conf('PRE_INSTALL="x.sh pre"\nPOST_INSTALL="x.sh post"\n'), source: { "x.sh": script } });
  fs.chmodSync(tree.at("usr/src/demo-1.0/x.sh"), 0o755);
  expectDone(await install(tree.host(), instance));
  const [pre, post] = fs.readFileSync(tree.at("usr/src/demo-1.0/ran"), "utf8").split("\n");
  assert.match(pre ?? "", new RegExp(`^pre ${release} .*/source/x.sh$`));
  assert.match(post ?? "", /^post /);
});

for (const [code, script, options] of [
  ["E_SCRIPT", "exit 3\n", {}],
  ["E_OUTSIDE_TREE", "../../../../../../etc/os-release", {}],
] as const)
  installing(`is stopped by a PRE_INSTALL that ends in ${code}`, async ({ tree }) => {
    const line = code === "E_SCRIPT" ? "x.sh" : script;
    built(tree, "1.0", { conf: conf(`PRE_INSTALL=${line}\n`), source: { "x.sh": script } });
    fs.chmodSync(tree.at("usr/src/demo-1.0/x.sh"), 0o755);
    await expectUntouched(tree, code, () => install(tree.host(), instance, options));
  });

installing(
  "goes on after a failed PRE_INSTALL when it is forced, and always after a failed POST_INSTALL",
  async ({ tree }) => {
    built(tree, "1.0", { conf: conf("PRE_INSTALL=x.sh\nPOST_INSTALL=x.sh\n"), source: { "x.sh": "exit 3\n" } });
    fs.chmodSync(tree.at("usr/src/demo-1.0/x.sh"), 0o755);
    assert.is(expectFailure(await install(tree.host(), instance), "E_SCRIPT").dkmsExit, 101);
    const { notices } = expectDone(await install(tree.host(), instance, { force: true }));
    assert.is(notices.filter((notice) => /_INSTALL failed with exit code 3/.test(notice)).length, 2);
  },
);

installing("takes everything back when it is stopped during POST_INSTALL", async ({ tree }) => {
  built(tree, "1.0", { conf: conf("POST_INSTALL=x.sh\n"), source: { "x.sh": "#!/bin/sh\nsleep 300\n" } });
  fs.chmodSync(tree.at("usr/src/demo-1.0/x.sh"), 0o755);
  const stop = new AbortController();
  const { files } = filesWatchedBy(() => fs.existsSync(tree.at(link)) && stop.abort());
  await expectUntouched(tree, "E_CANCELLED", () => install(tree.host({ files, signal: stop.signal }), instance));
});

const refusals: readonly [string, Parameters<typeof expectFailure>[1], (tree: TreeBuilder) => void][] = [
  [
    "what is not built",
    "E_NOT_BUILT",
    (tree) => fs.rmSync(tree.at(`var/lib/dkms/demo/1.0/${release}`), { recursive: true }),
  ],
  ["what is not in the tree", "E_NOT_IN_TREE", (tree) => fs.rmSync(tree.at("var/lib/dkms/demo"), { recursive: true })],
  ["a broken module", "E_BROKEN_MODULE", (tree) => fs.rmSync(tree.at("usr/src/demo-1.0"), { recursive: true })],
  ["a kernel that is not there", "E_NO_KERNEL", (tree) => fs.rmSync(tree.at(modules), { recursive: true })],
  [
    "a build without one of its objects",
    "E_NO_OBJECT",
    (tree) => fs.rmSync(tree.at(`var/lib/dkms/demo/1.0/${release}/x86_64/module/demo_b.ko`)),
  ],
  [
    "a damaged object",
    "E_BAD_OBJECT",
    (tree) => fs.truncateSync(tree.at(`var/lib/dkms/demo/1.0/${release}/x86_64/module/demo_b.ko`), 90),
  ],
  [
    "an object for another kernel",
    "E_WRONG_KERNEL",
    (tree) =>
      tree.write(
        `var/lib/dkms/demo/1.0/${release}/x86_64/module/demo_b.ko`,
        fakeObject({ name: "demo_b", release: "5" }),
      ),
  ],
];
for (const [title, code, spoil] of refusals)
  installing(`refuses ${title}`, async ({ tree }) => {
    built(tree);
    spoil(tree);
    await expectUntouched(tree, code, () => install(tree.host(), instance));
  });

/** An upgrade with everything that can be in its way. */
function upgrade(tree: TreeBuilder): (host: Host) => Promise<Result<Done>> {
  for (const place of ["extra/demo_a.ko", "kernel/y/demo_b.ko"])
    tree.write(`${modules}/${place}`, object("demo", undefined, place));
  built(tree, "1.0", { objects: ["demo_a", "demo_old"] }).installed(release);
  fs.rmSync(tree.at(modules, "updates/dkms/demo_old.ko"));
  built(tree, "2.0");
  return (host) => install(host, demo("2.0"), { replaces: [instance.module] });
}

installing("leaves everything as it was when the disk is full at any moment", async ({ tree }) => {
  const act = upgrade(tree);
  await expectUntouchedWhenFull(tree, 15, act);
});

installing("converges after a kill at any moment: repair and install again", async () => {
  for (let number = 1; ; number++) {
    const world = verbWorld();
    try {
      const act = upgrade(world);
      const watched = filesKilledAt(number);
      const result = await act(world.host({ files: watched.files }));
      if (watched.writes() < number) return assert.ok(number > 15 && result.ok);
      assert.ok(present(world, "demo_a.ko") && present(world, "demo_b.ko"), `write ${number}: something is gone`);
      // As the next run does once it has the lock.
      sweepState(world.host());
      expectDone(await sweep(world.host(), { name: "demo" })).undo.commit();
      expectDone(await repair(world.host(), demo("2.0"))).undo.commit();
      expectDone(await act(world.host())).undo.commit();
      assert.equal(finalFiles(world), expected, `write ${number}`);
      expectDone(await uninstall(world.host(), demo("2.0"))).undo.commit();
      assert.equal(
        filesBelow(world.at(modules)).filter((file) => file.includes("demo")),
        ["extra/demo_a.ko", "kernel/y/demo_b.ko"],
      );
    } finally {
      world.remove();
    }
  }
});

const expected = [
  `${originals.slice("var/lib/dkms/demo/".length)}/demo_a.ko`,
  `${originals.slice("var/lib/dkms/demo/".length)}/demo_b.ko`,
  "updates/dkms/demo_a.ko",
  "updates/dkms/demo_b.ko",
];

function present(tree: TreeBuilder, name: string): boolean {
  return filesBelow(tree.at(modules)).some((file) => path.basename(file) === name);
}

/** Hidden files count; the build records and logs do not, nor the agent's own, which is swept when the lock is taken. */
function finalFiles(tree: TreeBuilder): string[] {
  const kept = filesBelow(tree.at("var/lib/dkms/demo")).filter(
    (file) => file.includes("original") || file.includes(".dkms"),
  );
  const installed = filesBelow(tree.at(modules)).filter((file) => file.includes("demo") || file.includes(".dkms"));
  return [...kept.filter((file) => !file.endsWith(".origin")), ...installed];
}

installing.run();
