import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { localFiles } from "../../src/host/local-files.ts";
import { type DellDkms, dellDkms } from "../rig/dell-dkms.ts";
import { fakeObject } from "../rig/fake-object.ts";
import { onCopy } from "../rig/on-copy.ts";
import { runProgram } from "../rig/run-program.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";
import { filesBelow, treeListing } from "../rig/tree-listing.ts";
import { writeSource } from "../rig/verb-world.ts";
import { lineDifferences } from "../rig/written.ts";

/** Every how many-th point of a run is tried. `npm run test:crash` tries all of them. */
const stride = Number(process.env.DKMS_AGENT_CRASH_STRIDE ?? "25");
const release = "6.1.0-1";
const cli = path.join(import.meta.dirname, "../../dist/cli.cjs");
const preload = path.join(import.meta.dirname, "../rig/crash-at.cjs");

/** From a state of a machine to another, by one `apply`. */
interface Journey {
  readonly title: string;
  readonly start: (tree: TreeBuilder) => Promise<void> | void;
  /** YAML below `modules:` */
  readonly wanted: string;
}

const installed = '  - {name: demo, version: "1.0"}';

const absent = '  - {name: demo, version: "*", state: absent}';
const archive = "srv/demo.dkms.tar.gz";
/** The digest is that of the archive, which is made first. */
const loaded = `  - {name: demo, version: "1.0", build: never, tarballs: [{path: ../../../${archive}, sha256: DIGEST}]}`;

const journeys: readonly Journey[] = [
  { title: "first install", start: (tree) => void writeSource(tree), wanted: installed },
  { title: "upgrade from version 1 to 2", start: startUpgrade, wanted: '  - {name: demo, version: "2.0"}' },
  {
    title: "rebuild after a source change",
    start: async (tree) => {
      await startOver(tree);
      writeSource(tree, { filling: "changed" });
    },
    wanted: installed,
  },
  { title: "uninstall", start: startOver, wanted: '  - {name: demo, version: "1.0", state: built}' },
  { title: "remove", start: startOver, wanted: absent },
  { title: "load-tarball", start: startWithArchive, wanted: loaded },
];

const crashes = suite("SIGKILL at any change of a file and any start of a process");

for (const journey of journeys) {
  testNeeding(
    crashes,
    ["dkms", "gcc", "make", "kmod"],
    `${journey.title}: nothing is lost, and one more run converges`,
    async (part) => {
      const origin = dkmsTree().kernel(release);
      try {
        await journey.start(origin);
        want(origin, journey.wanted);
        const before = objectsOf(origin);
        const end = await onCopy(origin, async (tree) => ({ listing: await converge(tree), objects: objectsOf(tree) }));
        const tried: string[] = [];
        for (let point = 1 + Math.floor(Math.random() * stride); ; point += stride) {
          const what = await onCopy(origin, async (tree) => {
            const killedAt = await applyUntil(tree, point);
            const where = `point ${point}: ${killedAt ?? "the end"}`;
            nothingIsLost(objectsOf(tree), before, end.objects, where);
            dellReads(dellDkms(part("dkms"), tree), tree, where);
            assert.equal(lineDifferences(end.listing, await converge(tree)), [], where);
            return killedAt;
          });
          if (what === undefined) break;
          tried.push(what);
        }
        assert.ok(tried.length * stride > 30, `${tried.length} points are no whole run`);
        process.stdout.write(
          `${journey.title}: ${tried.length} points tried${stride > 1 ? `, one of ${stride}` : ""}\n`,
        );
      } finally {
        origin.remove();
      }
    },
  );
}

crashes.run();

/** Over an object of the kernel's own. */
async function startOver(tree: TreeBuilder): Promise<void> {
  tree.write(`lib/modules/${release}/kernel/misc/demo_a.ko`, fakeObject({ name: "demo_a", release, filling: "own" }));
  writeSource(tree);
  want(tree, installed);
  await converge(tree);
}

async function startUpgrade(tree: TreeBuilder): Promise<void> {
  await startOver(tree);
  writeSource(tree, { version: "2.0" });
}

/** Nothing of the module is left but an archive with what was built of it. */
async function startWithArchive(tree: TreeBuilder): Promise<void> {
  writeSource(tree);
  want(tree, installed);
  await converge(tree);
  tree.write(archive, "");
  const words = ["dkms", "mktarball", "demo/1.0", "-k", release, "--binaries-only", "--archive", tree.at(archive)];
  const { exitCode, stderr } = await runProgram(process.execPath, [cli, ...words, ...tree.dkmsOptions()]);
  assert.is(exitCode, 0, stderr);
  want(tree, absent);
  await converge(tree);
  fs.rmSync(tree.at("usr/src/demo-1.0"), { recursive: true });
}

function want(tree: TreeBuilder, modules: string): void {
  const head = "apiVersion: dkms-agent/v1\nkernels: [with-headers]\nunlisted: prune\n";
  const text = modules.replace("DIGEST", localFiles.sha256(tree.at(archive)) ?? "");
  tree.write("etc/dkms-agent/desired-state/modules.yaml", `${head}modules:\n${text}\n`);
}

/** Where the objects of the install tree are, and what is in them. */
type Objects = ReadonlyMap<string, string>;

function objectsOf(tree: TreeBuilder): Objects {
  const top = tree.at("lib/modules", release);
  const files = filesBelow(top).filter((file) => file.endsWith(".ko"));
  return new Map(files.map((file) => [path.basename(file), localFiles.sha256(path.join(top, file)) ?? ""]));
}

/** Each object is that of before or that of after, whole; what is there before and after is there in between. */
function nothingIsLost(now: Objects, before: Objects, after: Objects, where: string): void {
  for (const [name, content] of now)
    assert.ok([before.get(name), after.get(name)].includes(content), `${where}: ${name} is neither old nor new`);
  for (const name of before.keys()) if (after.has(name)) assert.ok(now.has(name), `${where}: ${name} is gone`);
}

function dellReads({ run }: DellDkms, tree: TreeBuilder, where: string): void {
  const { exitCode, stderr } = run(["status", ...tree.dkmsOptions()]);
  assert.is(exitCode, 0, `${where}: ${stderr}`);
}

/** What the run was doing at the point; `undefined` if it came to its end before. */
async function applyUntil(tree: TreeBuilder, point: number): Promise<string | undefined> {
  const report = tree.at("report");
  const env = { ...process.env, DKMS_AGENT_CRASH_AT: String(point), DKMS_AGENT_CRASH_REPORT: report };
  const args = ["--require", preload, cli, "apply", "--root", tree.root];
  const child = spawn(process.execPath, args, { env, stdio: "ignore", detached: true });
  const exitCode = await new Promise<number | null>((resolve) => child.on("exit", resolve));
  if (exitCode !== null) {
    assert.is(exitCode, 0);
    return undefined;
  }
  const what = fs.readFileSync(report, "utf8");
  fs.rmSync(report);
  return what.replaceAll(tree.root, "");
}

/** One run, after which nothing is left to do; everything that there is then, but for the journal and depmod's files. */
async function converge(tree: TreeBuilder): Promise<readonly string[]> {
  for (const words of [["apply"], ["plan", "--detailed-exitcode"]]) {
    const { exitCode, stdout, stderr } = await runProgram(process.execPath, [cli, ...words, "--root", tree.root]);
    assert.is(exitCode, 0, `${words.join(" ")}: ${stdout}${stderr}`);
  }
  const isOwn = (file: string) =>
    file === "dkms-inside-root" || /(^|\/)\.dkms-agent\/(lock|journal\.jsonl|digests\.json|logs|depmod)$/.test(file);
  const ofDepmod = /^lib\/modules\/[^/]+\/modules\./;
  // As dell/dkms itself leaves one after `add`.
  const isEmptyBuild = (file: string) =>
    /^var\/lib\/dkms\/[^/]+\/[^/]+\/build$/.test(file) && fs.readdirSync(tree.at(file)).length === 0;
  const lines = treeListing(tree.root, (file) => isOwn(file) || ofDepmod.test(file) || isEmptyBuild(file));
  // The build record and the log tell when it was built.
  return lines.map((line) => line.replace(/( \S+\/(\.dkms-agent-build\.json|make\.log)) [0-9a-f]{64}$/, "$1"));
}
