import { once } from "node:events";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { dpkgAtWork } from "../../src/dkms/dpkg-at-work.ts";
import { holdLock, takingLock } from "../rig/dpkg-lock.ts";
import { runProgram } from "../rig/run-program.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";

const work = suite<{ tree: TreeBuilder; lock: string }>("dpkgAtWork");

work.before.each((context) => {
  context.tree = dkmsTree();
  context.lock = context.tree.write("var/lib/dpkg/lock", "");
});
work.after.each(({ tree }) => tree.remove());

testNeeding(work, ["ansible"], "a dpkg that holds its lock, until it has ended", async (_, { tree, lock }) => {
  assert.is(dpkgAtWork(tree.host()), undefined, "the file is always there");
  const holder = await holdLock(lock);
  assert.is(dpkgAtWork(tree.host()), holder.pid);
  assert.is(dpkgAtWork({ ...tree.host(), root: "/nowhere" }), undefined, "a host without dpkg");
  holder.stdin?.end();
  await once(holder, "exit");
  assert.is(dpkgAtWork(tree.host()), undefined);
});

testNeeding(work, ["ansible"], "not one that has called us, as it calls hooks", async (_, { tree, lock }) => {
  const place = new URL("../../src/dkms/dpkg-at-work.ts", import.meta.url).href;
  const files = new URL("../../src/host/local-files.ts", import.meta.url).href;
  const asking = [
    `const { dpkgAtWork } = await import(${JSON.stringify(place)});`,
    `const { localFiles } = await import(${JSON.stringify(files)});`,
    `console.log(dpkgAtWork({ files: localFiles, root: ${JSON.stringify(tree.root)} }));`,
  ];
  const script = `${takingLock}import subprocess\nsubprocess.run(sys.argv[2:])\n`;
  const program = [process.execPath, "--import", "tsx", "--input-type=module", "-e", asking.join("\n")];
  const { stdout } = await runProgram("python3", ["-c", script, lock, ...program]);
  assert.is(stdout, "undefined\n");
});

work.run();
