import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { localFiles } from "../../src/host/local-files.ts";
import { cli, runAgent } from "../rig/agent.ts";
import { assertContract } from "../rig/json-contract.ts";
import { tarArchive } from "../rig/tar-archive.ts";
import { objectFiles, sourceFiles } from "../rig/tarballs.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";
import { release, trees } from "../rig/verb-world.ts";

const stopped = suite<{ tree: TreeBuilder; archive: string }>("Ctrl-C while a large archive is read");
const state = "var/lib/dkms/.dkms-agent";

/** So large that reading it takes many times as long as a signal. */
const large = Buffer.alloc(100 << 20, randomBytes(1 << 16));

stopped.before.each((context) => {
  const tree = dkmsTree().kernel(release);
  fs.mkdirSync(tree.at(state), { mode: 0o700 });
  const files = [...sourceFiles(), { name: "dkms_source_tree/large", content: large }, ...objectFiles()];
  Object.assign(context, { tree, archive: tree.write("srv/demo.tar", tarArchive(files)) });
});
stopped.after.each(({ tree }) => tree.remove());

/** Sends SIGINT when the run says that it has begun, and expects that it ends by it and leaves nothing behind. */
async function expectStop(tree: TreeBuilder, words: readonly string[], begun: (run: ChildProcess) => Promise<unknown>) {
  const before = trees(tree);
  const run = spawn(process.execPath, [cli, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  const output: string[] = [];
  const printed: string[] = [];
  for (const stream of [run.stdout, run.stderr]) stream.setEncoding("utf8").on("data", (text) => output.push(text));
  run.stdout.on("data", (text) => printed.push(text));
  const closed = once(run, "close");
  await Promise.race([begun(run), closed]);
  run.kill("SIGINT");
  assert.equal(await closed, [null, "SIGINT"], output.join(""));
  assertContract(words, printed.join(""));
  assert.equal(trees(tree), before);
  assert.equal(
    fs.readdirSync(tree.at(state)).filter((name) => name.startsWith(".")),
    [],
  );
  return output.join("");
}

stopped("dkms ldtarball ends by it, says so, and leaves nothing behind", async ({ tree, archive }) => {
  // The directory into which it is unpacked.
  const unpacking = () =>
    new Promise<void>((resolve) => {
      const watcher = fs.watch(tree.at(state), { persistent: false }, (_, name) => {
        if (!name?.includes("tarball-")) return;
        watcher.close();
        resolve();
      });
    });
  const said = await expectStop(tree, ["dkms", "ldtarball", archive, ...tree.dkmsOptions()], unpacking);
  assert.match(said, "[E_CANCELLED]");
});

stopped("apply ends by it, says so, and goes on in the next run", async ({ tree, archive }) => {
  const listed = `[{path: ${archive}, sha256: ${localFiles.sha256(archive)}}]`;
  const document = `apiVersion: dkms-agent/v1\nkernels: [with-headers]\nmodules: [{name: demo, version: "1.0", state: built, build: never, tarballs: ${listed}}]\n`;
  tree.write("etc/dkms-agent/desired-state/modules.yaml", document);
  const loading = (run: ChildProcess) =>
    new Promise<void>((resolve) => {
      run.stdout?.on("data", (text: string) => {
        if (text.includes('"type":"step_start"')) resolve();
      });
    });
  const said = await expectStop(tree, ["apply", "--json", "--root", tree.root], loading);
  assert.match(said, '"type":"step_start"');
  assert.match(said, '"code":"E_CANCELLED"');
  assert.match(said, /"type":"run_complete".*"interrupted":true.*\n$/);
  const next = await runAgent(tree.root, ["apply"]);
  assert.is(next.exitCode, 0, next.stderr);
  assert.ok(fs.existsSync(tree.at("var/lib/dkms/demo/1.0", release, "x86_64/module/demo_a.ko")));
});

stopped.run();
