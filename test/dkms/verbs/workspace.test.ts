import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { recordChanges } from "../../../src/dkms/verbs/file-changes.ts";
import { openPrivateBuilds, publicBuild } from "../../../src/dkms/verbs/workspace.ts";
import { localFiles } from "../../../src/host/local-files.ts";
import { dkmsTree, type TreeBuilder } from "../../rig/tree-builder.ts";

const module = { name: "demo", version: "1.0" };
const place = "var/lib/dkms/demo/1.0/build";

const publicly = suite<{ tree: TreeBuilder }>("publicBuild");
const privately = suite<{ tree: TreeBuilder }>("openPrivateBuilds");

for (const tests of [publicly, privately]) {
  tests.before.each((context) => {
    context.tree = dkmsTree();
    context.tree.module("demo/1.0");
  });
  tests.after.each(({ tree }) => tree.remove());
}

publicly("a build that fails takes its directory with it", ({ tree }) => {
  const changes = recordChanges(localFiles, "demo");
  publicBuild(tree.host(), module, changes);
  tree.write(`${place}/half.o`, "");
  changes.undo.restore();
  assert.not.ok(fs.existsSync(tree.at(place)));
});

publicly(
  "a build that is taken back later does not take away the directory of the one that runs by then",
  ({ tree }) => {
    const changes = recordChanges(localFiles, "demo");
    publicBuild(tree.host(), module, changes).remove();
    const running = tree.write(`${place}/of-another-kernel.o`, "");
    changes.undo.restore();
    assert.ok(fs.existsSync(running));
  },
);

privately("a mount point that could not be made is made by the next build", async ({ tree }) => {
  const done = { ending: "exited", exitCode: 0, stdout: "", stderr: "", durationMs: 0 } as const;
  const host = { ...tree.host(), run: async () => done };
  let refusals = 1;
  const makeDirectory = (directory: string) => {
    if (directory === tree.at(place) && refusals-- > 0)
      throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC", syscall: "mkdir", path: directory });
    localFiles.makeDirectory(directory);
  };
  const builds = await openPrivateBuilds({ ...host, files: { ...localFiles, makeDirectory } });
  assert.ok(builds);
  assert.throws(() => builds(host, module, recordChanges(localFiles, "demo")), /ENOSPC/);
  builds(host, module, recordChanges(localFiles, "demo"));
  assert.ok(fs.existsSync(tree.at(place)));
});

publicly.run();
privately.run();
