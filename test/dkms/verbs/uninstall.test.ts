import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatBuildRecord } from "../../../src/dkms/build-record.ts";
import { install } from "../../../src/dkms/verbs/install.ts";
import { repair } from "../../../src/dkms/verbs/repair.ts";
import { sweep } from "../../../src/dkms/verbs/sweep.ts";
import { uninstall } from "../../../src/dkms/verbs/uninstall.ts";
import { localFiles } from "../../../src/host/local-files.ts";
import { fakeObject } from "../../rig/fake-object.ts";
import { filesKilledAt } from "../../rig/interrupted-files.ts";
import type { TreeBuilder } from "../../rig/tree-builder.ts";
import { filesBelow } from "../../rig/tree-listing.ts";
import {
  demo,
  expectDone,
  expectUndoable,
  expectUntouched,
  expectUntouchedWhenFull,
  release,
  trees,
  verbWorld,
} from "../../rig/verb-world.ts";

const uninstalling = suite<{ tree: TreeBuilder }>("uninstall");
const instance = demo();
const modules = `lib/modules/${release}`;
const originals = "var/lib/dkms/demo/original_module";

uninstalling.before.each((context) => {
  context.tree = verbWorld();
});
uninstalling.after.each(({ tree }) => tree.remove());

function installed(tree: TreeBuilder): TreeBuilder {
  return tree.module("demo/1.0", { objects: ["demo_a", "demo_b"] }).installed(release);
}

function demoObjects(tree: TreeBuilder): string[] {
  return filesBelow(tree.at(modules)).filter((file) => file.includes("demo"));
}

uninstalling("removes objects, link and empty directories, and can take it back", async ({ tree }) => {
  installed(tree);
  await expectUndoable(tree, () => uninstall(tree.host(), instance));
  assert.equal(demoObjects(tree), []);
  assert.equal(fs.readdirSync(tree.at(modules)).sort(), ["build", "kernel", "modules.dep"]);
  assert.equal(fs.readdirSync(tree.at("var/lib/dkms/demo")), ["1.0"]);
});

uninstalling("leaves directories that hold something else", async ({ tree }) => {
  installed(tree);
  tree.write(`${modules}/updates/dkms/other.ko`, "");
  expectDone(await uninstall(tree.host(), instance)).undo.commit();
  assert.equal(fs.readdirSync(tree.at(modules, "updates/dkms")), ["other.ko"]);
});

uninstalling("does nothing when the version is not the installed one", async ({ tree }) => {
  installed(tree);
  tree.module("demo/2.0", { objects: ["demo_a"] }).built(release);
  const before = trees(tree);
  assert.is(expectDone(await uninstall(tree.host(), demo("2.0"))).changed, false);
  assert.equal(trees(tree), before);
});

uninstalling("knows the objects when dkms.conf cannot be read any more", async ({ tree }) => {
  installed(tree);
  tree.write("usr/src/demo-1.0/dkms.conf", "exit 1\n");
  await expectUndoable(tree, () => uninstall(tree.host(), instance));
  assert.equal(demoObjects(tree), []);
});

uninstalling("works on a module whose source is gone", async ({ tree }) => {
  installed(tree);
  fs.rmSync(tree.at("usr/src/demo-1.0"), { recursive: true });
  await expectUndoable(tree, () => uninstall(tree.host(), instance));
  assert.equal(demoObjects(tree), []);
});

uninstalling(
  "finds objects that lie where dkms.conf said, on whatever distribution they were installed",
  async ({ tree }) => {
    const module = tree.module("demo/1.0", { objects: ["demo_a", "demo_b"], destination: "/extra" });
    module.installed(release, { at: "extra" });
    await expectUndoable(tree, () => uninstall(tree.host(), instance));
    assert.equal(demoObjects(tree), []);
  },
);

uninstalling("leaves the kernel's own object alone where dkms.conf names its place", async ({ tree }) => {
  tree.module("demo/1.0", { objects: ["demo_a"], destination: "/kernel/misc" }).installed(release);
  tree.write(`${modules}/kernel/misc/demo_a.ko`, fakeObject({ name: "demo_a", release, filling: "kernel" }));
  expectDone(await uninstall(tree.host(), instance)).undo.commit();
  assert.equal(demoObjects(tree), ["kernel/misc/demo_a.ko"]);
});

uninstalling("removes an object that has changed its compression since", async ({ tree }) => {
  installed(tree);
  const place = tree.at(modules, "updates/dkms/demo_a.ko");
  fs.renameSync(place, `${place}.xz`);
  expectDone(await uninstall(tree.host(), instance)).undo.commit();
  assert.equal(demoObjects(tree), []);
});

uninstalling("puts originals of dell/dkms back, in whatever way their path is spelled", async ({ tree }) => {
  installed(tree);
  const own = fakeObject({ name: "demo_a", release, filling: "kernel" });
  tree.write(`${originals}/${release}/x86_64/demo_a.ko.xz`, own);
  tree.write(
    `${originals}/${release}/x86_64/demo_a.ko.xz.origin`,
    `/usr/lib/modules/${release}/kernel/misc/demo_a.ko.xz\n`,
  );
  tree.write(`${originals}/${release}/x86_64/collisions/kernel/two/demo_b.ko`, own);
  tree.write(
    `${originals}/${release}/x86_64/collisions/kernel/two/demo_b.ko.origin`,
    `/lib/modules/${release}/kernel/two/demo_b.ko\n`,
  );
  await expectUndoable(tree, () => uninstall(tree.host(), instance));
  assert.equal(demoObjects(tree), ["kernel/misc/demo_a.ko.xz", "kernel/two/demo_b.ko"]);
  assert.not.ok(fs.existsSync(tree.at(originals)));
});

for (const origin of ["/etc/passwd", `/lib/modules/${release}/../../../etc/passwd`, ""])
  uninstalling(`keeps an original that claims to come from ${origin || "nowhere"}`, async ({ tree }) => {
    installed(tree);
    tree.write(`${originals}/${release}/x86_64/demo_a.ko`, "own");
    tree.write(`${originals}/${release}/x86_64/demo_a.ko.origin`, `${origin}\n`);
    const { notices } = await expectUndoable(tree, () => uninstall(tree.host(), instance));
    assert.match(notices.join(), /is kept: where it came from is not known/);
    assert.is(fs.readFileSync(tree.at(originals, release, "x86_64/demo_a.ko"), "utf8"), "own");
    assert.not.ok(fs.existsSync(tree.at("etc/passwd")));
  });

uninstalling("does not put an original over a newer one that the kernel's package brought", async ({ tree }) => {
  installed(tree);
  tree.write(`${originals}/${release}/x86_64/demo_a.ko`, "old");
  tree.write(`${originals}/${release}/x86_64/demo_a.ko.origin`, `/lib/modules/${release}/kernel/demo_a.ko\n`);
  tree.write(`${modules}/kernel/demo_a.ko`, "new");
  await expectUndoable(tree, () => uninstall(tree.host(), instance));
  assert.is(fs.readFileSync(tree.at(modules, "kernel/demo_a.ko"), "utf8"), "new");
  assert.not.ok(fs.existsSync(tree.at(originals)));
});

uninstalling("does not bring a kernel back that is gone", async ({ tree }) => {
  installed(tree);
  tree.write(`${originals}/${release}/x86_64/demo_a.ko`, "old");
  tree.write(`${originals}/${release}/x86_64/demo_a.ko.origin`, `/lib/modules/${release}/kernel/demo_a.ko\n`);
  fs.rmSync(tree.at(modules), { recursive: true });
  await expectUndoable(tree, () => uninstall(tree.host(), instance));
  assert.not.ok(fs.existsSync(tree.at(modules)));
  assert.equal(fs.readdirSync(tree.at("var/lib/dkms/demo")), ["1.0"]);
});

uninstalling("runs POST_REMOVE, and only tells when it fails", async ({ tree }) => {
  installed(tree);
  fs.appendFileSync(tree.at("usr/src/demo-1.0/dkms.conf"), "POST_REMOVE=x.sh\n");
  fs.chmodSync(tree.write("usr/src/demo-1.0/x.sh", "exit 4\n"), 0o755);
  const { notices } = expectDone(await uninstall(tree.host(), instance));
  assert.match(notices.join(), /POST_REMOVE failed with exit code 4/);
});

uninstalling("finishes what a killed uninstall has begun: no link, but objects and originals", async ({ tree }) => {
  installed(tree);
  fs.rmSync(tree.at(`var/lib/dkms/demo/kernel-${release}-x86_64`));
  fs.rmSync(tree.at(modules, "updates/dkms/demo_a.ko"));
  tree.write(`${originals}/${release}/x86_64/demo_a.ko`, "own");
  tree.write(`${originals}/${release}/x86_64/demo_a.ko.origin`, `/lib/modules/${release}/kernel/demo_a.ko\n`);
  await expectUndoable(tree, () => uninstall(tree.host(), instance));
  assert.equal(demoObjects(tree), ["kernel/demo_a.ko"]);
  assert.not.ok(fs.existsSync(tree.at(originals)));
});

uninstalling("touches nothing of another module at its own place once the link is gone", async ({ tree }) => {
  installed(tree);
  fs.rmSync(tree.at(`var/lib/dkms/demo/kernel-${release}-x86_64`));
  tree.write(`${modules}/updates/dkms/demo_a.ko`, fakeObject({ name: "demo_a", release, filling: "other" }));
  expectDone(await uninstall(tree.host(), instance)).undo.commit();
  assert.equal(demoObjects(tree), ["updates/dkms/demo_a.ko"]);
});

for (const [title, linked] of [
  ["it is installed", true],
  ["the link is gone", false],
] as const)
  uninstalling(
    `leaves what another module has installed, also of the same content, where ${title}`,
    async ({ tree }) => {
      installed(tree);
      const same = fs.readFileSync(tree.at(modules, "updates/dkms/demo_a.ko"));
      const other = fakeObject({ name: "demo_b", release, filling: "rival" });
      tree.module("rival/7", { objects: ["demo_a", "demo_b"] }).installed(release, {
        objects: { "demo_a.ko": same, "demo_b.ko": other },
      });
      if (!linked) fs.rmSync(tree.at(`var/lib/dkms/demo/kernel-${release}-x86_64`));
      expectDone(await uninstall(tree.host(), instance)).undo.commit();
      assert.equal(demoObjects(tree), ["updates/dkms/demo_a.ko", "updates/dkms/demo_b.ko"]);
      assert.not.ok(fs.existsSync(tree.at(`var/lib/dkms/demo/kernel-${release}-x86_64`)));
    },
  );

uninstalling("knows from the build record what is not in module/ any more", async ({ tree }) => {
  tree.module("demo/1.0", { objects: ["demo_a"] }).installed(release, { at: "extra" });
  const top = `var/lib/dkms/demo/1.0/${release}/x86_64`;
  const [file, inputs] = ["demo_a.ko", { source: "", conf: "", headers: "", compiler: "", dependencies: {} }];
  const sha256 = localFiles.sha256(tree.at(top, "module", file)) ?? "";
  const objects = [{ file, sha256, size: 1 }];
  const record = { format: 1, ...instance, inputs, builtAt: "", durationMs: 1, objects } as const;
  tree.write(`${top}/.dkms-agent-build.json`, formatBuildRecord(record));
  fs.rmSync(tree.at(top, "module", file));
  expectDone(await uninstall(tree.host(), instance)).undo.commit();
  assert.equal(demoObjects(tree), []);
});

uninstalling("refuses a module that is not in the tree", async ({ tree }) => {
  const failure = await expectUntouched(tree, "E_NOT_IN_TREE", () => uninstall(tree.host(), instance));
  assert.is(failure.dkmsExit, 3);
});

/** Installed over objects of the kernel's own, one of them at the same place. */
async function withOriginals(tree: TreeBuilder): Promise<string[]> {
  for (const place of ["kernel/demo_a.ko", "updates/dkms/demo_b.ko"])
    tree.write(`${modules}/${place}`, fakeObject({ name: "demo", release, filling: place }));
  tree.module("demo/1.0", { objects: ["demo_a", "demo_b"] }).built(release);
  const before = trees(tree);
  expectDone(await install(tree.host(), instance)).undo.commit();
  return before;
}

uninstalling("leaves everything as it was when the disk is full at any moment", async ({ tree }) => {
  await withOriginals(tree);
  await expectUntouchedWhenFull(tree, 10, (host) => uninstall(host, instance));
});

uninstalling("converges after a kill at any moment: repair, install and uninstall again", async () => {
  for (let number = 1; ; number++) {
    const tree = verbWorld();
    try {
      const before = await withOriginals(tree);
      const { files, writes } = filesKilledAt(number);
      const result = await uninstall(tree.host({ files }), instance);
      if (writes() < number) return assert.ok(number > 10 && result.ok);
      expectDone(await sweep(tree.host(), instance.module)).undo.commit();
      expectDone(await repair(tree.host(), instance)).undo.commit();
      expectDone(await install(tree.host(), instance, { force: true })).undo.commit();
      expectDone(await uninstall(tree.host(), instance)).undo.commit();
      assert.equal(trees(tree), before, `write ${number}`);
    } finally {
      tree.remove();
    }
  }
});

uninstalling.run();
