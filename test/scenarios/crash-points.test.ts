import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { HistoryDocument } from "../../src/contract/history-schema.ts";
import { cli } from "../rig/agent.ts";
import { type DellDkms, dellDkms } from "../rig/dell-dkms.ts";
import { converge, journeys, nothingIsLost, objectsOf, want } from "../rig/journeys.ts";
import { memoryDirectory } from "../rig/memory-directory.ts";
import { onCopy } from "../rig/on-copy.ts";
import { runProgram } from "../rig/run-program.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";
import { release } from "../rig/verb-world.ts";
import { lineDifferences } from "../rig/written.ts";

/** Every how many-th point of a run is tried. `npm run test:crash` tries all of them. */
const stride = Number(process.env.DKMS_AGENT_CRASH_STRIDE ?? "25");
/** The same points in each run of the tests, as of what properties are tried with. */
const seed = Number(process.env.DKMS_AGENT_SEED ?? "1");
const preload = path.join(import.meta.dirname, "../rig/crash-at.cjs");

const crashes = suite("SIGKILL at any change of a file and any start of a process");

for (const journey of journeys) {
  testNeeding(
    crashes,
    ["dkms", "gcc", "make", "kmod"],
    `${journey.title}: nothing is lost, and one more run converges`,
    async (part) => {
      const origin = dkmsTree(memoryDirectory("dkms-tree-")).kernel(release);
      try {
        await journey.start(origin);
        want(origin, journey.wanted);
        const before = objectsOf(origin);
        const end = await onCopy(origin, async (tree) => ({ listing: await converge(tree), objects: objectsOf(tree) }));
        const tried: string[] = [];
        for (let point = 1 + (seed % stride); ; point += stride) {
          const what = await onCopy(origin, async (tree) => {
            const killedAt = await applyUntil(tree, point);
            const where = `point ${point}: ${killedAt ?? "the end"}`;
            nothingIsLost(objectsOf(tree), before, end.objects, where);
            dellReads(dellDkms(part("dkms"), tree), tree, where);
            await historyTells(tree, where);
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

function dellReads({ run }: DellDkms, tree: TreeBuilder, where: string): void {
  const { exitCode, stderr } = run(["status", ...tree.dkmsOptions()]);
  assert.is(exitCode, 0, `${where}: ${stderr}`);
}

/** A run that was killed before it said what it was about to do has done nothing, and those before it are told. */
async function historyTells(tree: TreeBuilder, where: string): Promise<void> {
  const words = [cli, "history", "--last", "1", "--json", "--root", tree.root];
  const { exitCode, stdout, stderr } = await runProgram(process.execPath, words);
  assert.is(exitCode, 0, `${where}: ${stderr}`);
  const { runs, next }: HistoryDocument = JSON.parse(stdout);
  const [run] = runs;
  const told = `${where}: ${run?.message}\n${next}`;
  if (run?.ending !== "cut-off")
    assert.match(told, /\d+ steps? done in .*\nThe next apply has nothing|undefined\nnull$/);
  else
    assert.match(
      told,
      /: cut off (before|during|after) .*, by a kill, .*\nThe next apply ends what the run that was cut/,
    );
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
