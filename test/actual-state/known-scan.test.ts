import fs from "node:fs";
import path from "node:path";
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ActualState, ScanRequest } from "../../src/actual-state/actual-state.ts";
import { readKnownScan, recallScan, scanToKeep } from "../../src/actual-state/known-scan.ts";
import { scanActual } from "../../src/actual-state/scan-actual.ts";
import { knownScanFile, rememberedFailures } from "../../src/dkms/state-layout.ts";
import type { Host } from "../../src/host/host.ts";
import { awaitTick } from "../rig/await-tick.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";

const K = "6.1.0-1";
const one = { name: "one", version: "1.0" };
const request: ScanRequest = {
  sources: [{ module: one, directory: undefined }],
  prospects: (kernels) => kernels.map(({ id }) => ({ module: one, kernel: id, directives: {} })),
};

/** Whatever follows from what was found. */
const conclusion = { steps: [], at: new Date(0), nothing: undefined };

const known = suite<{ tree: TreeBuilder; host: Host }>("recallScan");
known.before.each((context) => {
  Object.assign(context, makeWorld());
});
known.after.each(({ tree }) => tree.remove());

known("knows what a run before has kept, and reads it nowhere again", async ({ host }) => {
  const actual = await keep(host);
  const reading = (place: string) => {
    assert.is(place, knownScanFile(host.paths));
    return host.files.readBytes(place);
  };
  const refuse = (place: string) => {
    throw new Error(`${place} is read again`);
  };
  const files = { ...host.files, readBytes: reading, list: refuse, readText: refuse, sha256: refuse };
  assert.equal(await recallScan({ ...host, files }, "question"), { actual, conclusion });
});

known("never knows anything but what a scan would find, whatever was done to the trees", async () => {
  const changes = fc.constantFrom(remove, rewrite, duplicate, chmod, retarget, touchAround);
  await fc.assert(
    fc.asyncProperty(changes, fc.nat(), async (change, choice) => {
      const { tree, host } = makeWorld();
      try {
        const places = fs.readdirSync(tree.root, { recursive: true, encoding: "utf8" }).sort();
        const place = places[choice % places.length] ?? "";
        await keep(host);
        change(tree.at(place));
        const recalled = await recallScan(host, "question");
        if (recalled) assert.equal(recalled.actual, await scanActual(host, request), `after a change of ${place}`);
      } finally {
        tree.remove();
      }
    }),
    { numRuns: 120 },
  );
});

known("holds by what is there when it is recalled, not when it was read", async ({ tree, host }) => {
  const actual = await keep(host);
  const ahead = readKnownScan(host);
  assert.equal(await recallScan(host, "question", ahead), { actual, conclusion });
  rewrite(tree.at("usr/src/one-1.0/dkms.conf"));
  assert.is(await recallScan(host, "question", ahead), undefined);
});

known("knows nothing for another question, nor what somebody else could have written", async ({ tree, host }) => {
  await keep(host);
  const file = knownScanFile(host.paths);
  assert.is(await recallScan(host, "another question"), undefined);
  assert.ok(await recallScan(host, "question"));
  fs.chmodSync(file, 0o666);
  assert.is(await recallScan(host, "question"), undefined);
  fs.chmodSync(file, 0o600);
  for (const spoilt of [fs.readFileSync(file).subarray(0, 1000), Buffer.from("dkms"), Buffer.alloc(0)]) {
    fs.writeFileSync(file, spoilt);
    assert.is(await recallScan(host, "question"), undefined);
  }
  fs.rmSync(file);
  fs.mkdirSync(tree.at("var/lib/dkms/.dkms-agent/scan.bin"));
  assert.is(await recallScan(host, "question"), undefined);
});

known("knows what bash has said, as long as all that it looked at is the same", async ({ tree, host }) => {
  const text = "PACKAGE_NAME=one\nPACKAGE_VERSION=1.0\n[ -f $source_tree/choice ] || MAKE=make\n";
  tree.write("usr/src/one-1.0/dkms.conf", text);
  const actual = await keep(host);
  assert.equal((await recallScan(host, "question"))?.actual, actual);
  tree.write("usr/src/choice", "");
  assert.is(await recallScan(host, "question"), undefined);
});

known("asks again how many processors there are, where that was asked", async ({ tree, host }) => {
  tree.write("usr/src/one-1.0/dkms.conf", 'PACKAGE_NAME=one\nPACKAGE_VERSION=1.0\nMAKE="make -j$(nproc)"\n');
  let processors = "2";
  const run: Host["run"] = (command) => host.run({ ...command, env: { OMP_NUM_THREADS: processors } });
  const actual = await keep({ ...host, run });
  assert.equal((await recallScan({ ...host, run }, "question"))?.actual, actual);
  processors = "3";
  assert.is(await recallScan({ ...host, run }, "question"), undefined);
});

known("sees a module that is loaded meanwhile", async ({ tree, host }) => {
  const running = { ...host, machine: { ...host.machine, runningKernel: K } };
  await keep(running);
  tree.write("sys/module/one/initstate", "live\n");
  assert.equal([...((await recallScan(running, "question"))?.actual.loaded.keys() ?? [])], ["one"]);
});

known("keeps nothing of what could be otherwise a moment later", async ({ tree, host }) => {
  const file = knownScanFile(host.paths);
  await keep({ ...host, clock: () => new Date() });
  assert.not.ok(fs.existsSync(file), "what changed a moment before");
  tree.write("usr/src/one-1.0/dkms.conf", "PACKAGE_NAME=one\nPACKAGE_VERSION=1.0\nMAKE=$(date)\n");
  await keep(host);
  assert.not.ok(fs.existsSync(file), "what bash says of the time");
  fs.rmSync(rememberedFailures(host.paths), { recursive: true, force: true });
  tree.write("var/lib/dkms/one/1.0/6.1.0-2/x86_64/.dkms-agent-build.json", "{");
  await keep(host);
  assert.not.ok(fs.existsSync(file), "what is not usable");
});

function makeWorld(): { tree: TreeBuilder; host: Host } {
  const tree = dkmsTree().kernel(K).kernel("6.1.0-2");
  tree.module("one/1.0").installed(K).installed("6.1.0-2").module("two/2").built(K);
  fs.mkdirSync(tree.at("var/lib/dkms/.dkms-agent"));
  awaitTick(tree.at("tick"));
  // To its clock everything happened long ago.
  const host = tree.host({ clock: () => new Date(Date.now() + 10_000), machine: { arch: "x86_64" } });
  return { tree, host };
}

async function keep(host: Host): Promise<ActualState> {
  const scan = (scanned: Host) => scanActual(scanned, request);
  const { actual, keep: write } = await scanToKeep(host, "question", { digests: host, scan });
  write(conclusion);
  return actual;
}

function remove(place: string): void {
  fs.rmSync(place, { recursive: true });
}

/** Of the same size, and with its time put back. */
function rewrite(place: string): void {
  if (!fs.statSync(place, { throwIfNoEntry: false })?.isFile()) return;
  const { atime, mtime, size } = fs.statSync(place);
  fs.writeFileSync(place, "x".repeat(size));
  fs.utimesSync(place, atime, mtime);
}

function duplicate(place: string): void {
  fs.cpSync(place, path.join(path.dirname(place), `more${path.basename(place)}`), { recursive: true });
}

function chmod(place: string): void {
  if (fs.existsSync(place)) fs.chmodSync(place, 0o711);
}

function retarget(place: string): void {
  if (!fs.lstatSync(place).isSymbolicLink()) return;
  fs.rmSync(place);
  fs.symlinkSync("elsewhere", place);
}

/** What nobody looks at. */
function touchAround(place: string): void {
  fs.utimesSync(path.dirname(path.dirname(place)), 1, 1);
}

known.run();
