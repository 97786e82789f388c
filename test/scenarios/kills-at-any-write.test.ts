import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { DesiredState } from "../../src/desired-state/desired-state.ts";
import type { Files } from "../../src/host/files.ts";
import type { Host } from "../../src/host/host.ts";
import { reconcile } from "../../src/reconcile.ts";
import { fakeObject } from "../rig/fake-object.ts";
import { filesKilledAt } from "../rig/interrupted-files.ts";
import { memoryDirectory } from "../rig/memory-directory.ts";
import { onCopy } from "../rig/on-copy.ts";
import { reconcileOptions } from "../rig/reconcile-options.ts";
import { tarArchive } from "../rig/tar-archive.ts";
import { binariesOnlyFiles, objectFiles } from "../rig/tarballs.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";
import { filesBelow, treeListing } from "../rig/tree-listing.ts";
import { writeSource } from "../rig/verb-world.ts";
import { desiredState } from "../rig/world.ts";
import { lineDifferences } from "../rig/written.ts";

const release = "6.1.0-1";

/** From a state of a machine to what is wanted, killed on the way; and what is wanted then. */
interface Journey {
  readonly title: string;
  readonly start: (tree: TreeBuilder) => Promise<void> | void;
  readonly wanted: DesiredState;
  /** Default: the same as before. */
  readonly afterwards?: DesiredState;
}

const installed = desiredState({ "demo/1.0": {} });
const absent = desiredState({ "demo/*": { state: "absent" } });

const archives = fs.mkdtempSync(path.join(os.tmpdir(), "dkms-archives-"));
const fromFirst = fromArchive("first");
const fromSecond = fromArchive("second");

const journeys: readonly Journey[] = [
  { title: "a removal", start: installForTwo, wanted: absent },
  { title: "a removal with objects of the kernel's own to put back", start: installOver, wanted: absent },
  { title: "a removal by prune", start: install, wanted: desiredState({}, "prune") },
  { title: "the way back to added", start: installOver, wanted: desiredState({ "demo/1.0": { state: "added" } }) },
  { title: "the way back to built", start: installOver, wanted: desiredState({ "demo/1.0": { state: "built" } }) },
  { title: "a first installation", start: prepare, wanted: installed },
  {
    title: "a first installation of which nothing is wanted any more",
    start: prepare,
    wanted: installed,
    afterwards: absent,
  },
  { title: "a rebuild", start: installThenChange, wanted: installed },
  {
    title: "a rebuild of which nothing is wanted any more",
    start: installThenChange,
    wanted: installed,
    afterwards: absent,
  },
  {
    title: "an exchange of versions",
    start: async (tree) => {
      await installOver(tree);
      writeSource(tree, { version: "2.0" });
    },
    wanted: desiredState({ "demo/2.0": {} }, "prune"),
  },
  {
    title: "a load from an archive of which nothing is wanted any more",
    start: () => {},
    wanted: fromFirst,
    afterwards: absent,
  },
  { title: "an exchange of archives", start: (tree) => converge(hostOf(tree), fromFirst), wanted: fromSecond },
];

/** The desired state with a binary from an archive of its own, beside all the trees. */
function fromArchive(filling: string): DesiredState {
  const bytes = tarArchive([...binariesOnlyFiles({ conf: `# ${filling}\n` }), ...objectFiles({ filling })]);
  const file = path.join(archives, filling);
  fs.writeFileSync(file, bytes);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return desiredState({ "demo/1.0": { build: "never", tarballs: [{ path: file, sha256 }] } });
}

const kills = suite("a run that was killed at any of its writes");

for (const { title, start, wanted, afterwards = wanted } of journeys) {
  testNeeding(kills, ["gcc", "make", "kmod"], `${title}: the next run leaves no trace of it`, async () => {
    const origin = dkmsTree(memoryDirectory("dkms-tree-")).kernel(release);
    try {
      await start(origin);
      const expected = await onCopy(origin, async (tree) => {
        if (afterwards !== wanted) await converge(hostOf(tree), wanted);
        return reached(tree, afterwards);
      });
      let writes = 1;
      for (let isKilled = true; isKilled; writes++) {
        isKilled = await onCopy(origin, async (tree) => {
          const killed = await killAt(tree, wanted, writes);
          assert.equal(lineDifferences(expected, await reached(tree, afterwards)), [], `write ${writes}`);
          return killed;
        });
      }
      assert.ok(writes > 15, "every write had its turn");
    } finally {
      origin.remove();
    }
  });
}

kills.after(() => fs.rmSync(archives, { recursive: true }));
kills.run();

function prepare(tree: TreeBuilder): void {
  writeSource(tree);
}

/** Each kernel gets objects that were made for it. */
async function installForTwo(tree: TreeBuilder): Promise<void> {
  const other = "6.1.0-2";
  for (const one of [release, other]) writeSource(tree, { directory: `objects/${one}`, madeFor: one });
  writeSource(tree.kernel(other), { conf: 'MAKE[0]="cp ../../../../../../objects/$kernelver/made/*.ko ."\n' });
  await converge(hostOf(tree), installed);
}

async function install(tree: TreeBuilder): Promise<void> {
  prepare(tree);
  await converge(hostOf(tree), installed);
}

/** Over objects of the kernel's own, one of them at the same place. */
async function installOver(tree: TreeBuilder): Promise<void> {
  for (const place of ["kernel/misc/demo_a.ko", "updates/dkms/demo_b.ko"])
    tree.write(`lib/modules/${release}/${place}`, fakeObject({ name: "demo", release, filling: place }));
  await install(tree);
}

async function installThenChange(tree: TreeBuilder): Promise<void> {
  await install(tree);
  tree.write("usr/src/demo-1.0/changed", "");
}

/** One run is enough, and another one would do nothing. */
async function converge(host: Host, wanted: DesiredState): Promise<void> {
  const result = await reconcile(host, wanted, reconcileOptions);
  assert.ok(result.ok, result.ok ? "" : result.error.message);
  const steps = result.ok ? (result.value.outcome?.steps ?? []) : [];
  assert.equal(
    steps.flatMap(({ id, failure }) => (failure ? [`${id}: ${failure.message}`] : [])),
    [],
  );
  // It has looked again by itself.
  assert.equal(
    result.ok && result.value.outcome?.remaining?.steps.map(({ id, reason }) => `${id}: ${reason.text}`),
    [],
  );
  assert.equal(result.ok && result.value.actual.depmodOwed, []);
}

const ended = { ending: "exited", exitCode: 0, stdout: "", stderr: "", durationMs: 0 } as const;

/**
 * Nobody else wants the lock of a tree that nobody else knows, and what depmod writes is none of our writes: to start them
 * takes more time than all the rest. By its clock every file has come to rest long ago, so that no run has to wait for that.
 */
function hostOf(tree: TreeBuilder, files?: Files): Host {
  const { run } = tree.host();
  return tree.host({
    ...(files && { files }),
    run: async (command) => {
      if (command.file === "depmod") listObjects(tree);
      return ["flock", "depmod"].includes(command.file) ? ended : run(command);
    },
    clock: () => new Date(Date.now() + 60_000),
    pause: async () => {},
  });
}

function listObjects(tree: TreeBuilder): void {
  const directory = tree.at("lib/modules", release);
  const lines = filesBelow(directory).flatMap((file) => (file.endsWith(".ko") ? `${file}:\n` : []));
  for (const name of ["modules.dep", "modules.dep.bin"]) fs.writeFileSync(`${directory}/${name}`, lines.join(""));
}

/** Whether the run was long enough to be killed. */
async function killAt(tree: TreeBuilder, wanted: DesiredState, number: number): Promise<boolean> {
  const { files, writes } = filesKilledAt(number);
  const alive = hostOf(tree, files);
  const run: Host["run"] = async (command) =>
    writes() < number ? alive.run(command) : { ...ended, ending: "killed", exitCode: -1 };
  const host = { ...alive, run };
  try {
    await reconcile(host, wanted, reconcileOptions);
  } catch {
    // The journal could not be written: whoever is killed says nothing.
  }
  return writes() >= number;
}

/** What there is in the end, by name. */
async function reached(tree: TreeBuilder, wanted: DesiredState): Promise<readonly string[]> {
  await converge(hostOf(tree), wanted);
  const state = filesBelow(tree.at("var/lib/dkms/.dkms-agent"));
  assert.equal(
    state.filter((file) => file.includes(".dkms-agent-")),
    [],
  );
  // Whether depmod had a reason to run depends on how far the killed run came.
  const lines = treeListing(
    tree.root,
    (path) => path === "var/lib/dkms/.dkms-agent" || /^lib\/modules\/[^/]+\/modules\./.test(path),
  );
  return lines.map((line) => line.replace(/ [0-9a-f]{64}$/, ""));
}
