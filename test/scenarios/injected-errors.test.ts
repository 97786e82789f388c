import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { HistoryDocument } from "../../src/contract/history-schema.ts";
import type { PlanDocument } from "../../src/contract/plan-schema.ts";
import { cli } from "../rig/agent.ts";
import { converge, journeys, nothingIsLost, type Objects, objectsOf, want } from "../rig/journeys.ts";
import { memoryDirectory } from "../rig/memory-directory.ts";
import { onCopy } from "../rig/on-copy.ts";
import { type ProgramResult, runProgram } from "../rig/run-program.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { dkmsTree, type TreeBuilder } from "../rig/tree-builder.ts";
import { release, writeSource } from "../rig/verb-world.ts";
import { lineDifferences } from "../rig/written.ts";

/** Every how many-th call of a run is tried. `npm run test:crash` tries all of them. */
const stride = Number(process.env.DKMS_AGENT_CRASH_STRIDE ?? "100");
/** The same points in each run of the tests, as of what properties are tried with. */
const seed = Number(process.env.DKMS_AGENT_SEED ?? "1");
const preload = path.join(import.meta.dirname, "../rig/crash-at.cjs");

/** With a plus sign the disk stays full until the run is over. */
const codes = ["ENOSPC", "ENOSPC+", "EIO", "EROFS", "EACCES"];

/** Beside the one that the journeys are about. */
const other = '  - {name: other, version: "1.0"}';

const errors = suite("an error of the system at any change of a file and any start of a process");

for (const journey of journeys.filter(({ title }) => title !== "load-tarball")) {
  testNeeding(
    errors,
    ["gcc", "make", "kmod"],
    `${journey.title}: what it hits is as it was, the others are done, and one more run converges`,
    async () => {
      const origin = dkmsTree(memoryDirectory("dkms-tree-")).kernel(release);
      try {
        await journey.start(origin);
        writeSource(origin, { name: "other" });
        want(origin, `${journey.wanted}\n${other}`);
        const before = objectsOf(origin);
        const end = await onCopy(origin, async (tree) => ({ listing: await converge(tree), objects: objectsOf(tree) }));
        let tried = 0;
        for (let point = 1 + (seed % stride); ; point += stride) {
          const code = codes[tried % codes.length] ?? "EIO";
          const isHit = await onCopy(origin, async (tree) => {
            const hit = await applyHit(tree, { point, code });
            const where = `call ${point}, ${hit.what ?? "the end"}, ${code}: exit code ${hit.exitCode}\n${messagesOf(hit)}`;
            checkRun(hit, { before, end: end.objects, now: objectsOf(tree), where });
            // A run that is refused where nothing can be written any more cannot be told of.
            const isNoted = code !== "ENOSPC+" || isBegun(hit);
            if (isNoted) await checkHistory(tree, hit, where);
            assert.equal(lineDifferences(end.listing, await converge(tree)), [], where);
            return hit.what !== undefined;
          });
          if (!isHit) break;
          tried += 1;
        }
        assert.ok(tried * stride > 30, `${tried} calls are no whole run`);
        process.stdout.write(`${journey.title}: ${tried} calls tried${stride > 1 ? `, one of ${stride}` : ""}\n`);
      } finally {
        origin.remove();
      }
    },
  );
}

errors.run();

interface HitRun extends ProgramResult {
  /** The call that was refused; `undefined` if the run came to its end before. */
  readonly what: string | undefined;
}

async function applyHit(tree: TreeBuilder, { point, code }: { point: number; code: string }): Promise<HitRun> {
  const report = tree.at("report");
  const crash = { DKMS_AGENT_CRASH_AT: String(point), DKMS_AGENT_CRASH_REPORT: report, DKMS_AGENT_CRASH_ERROR: code };
  const words = ["--require", preload, cli, "apply", "--json", "--root", tree.root];
  const result = await runProgram(process.execPath, words, { env: crash });
  const what = fs.existsSync(report) ? fs.readFileSync(report, "utf8").replaceAll(tree.root, "") : undefined;
  fs.rmSync(report, { force: true });
  return { ...result, what };
}

/** Whether it came to a plan. */
function isBegun({ stdout }: Pick<ProgramResult, "stdout">): boolean {
  return stdout.includes('"type":"change_summary"');
}

function messagesOf({ stdout, stderr }: ProgramResult): string {
  const messages = stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line)["@message"]);
  return `${messages.join("\n")}\n${stderr}`;
}

interface Seen {
  readonly before: Objects;
  readonly end: Objects;
  readonly now: Objects;
  readonly where: string;
}

function checkRun({ exitCode, stdout, stderr, what }: HitRun, { before, end, now, where }: Seen): void {
  assert.not.match(stdout + stderr, /This is a bug|E_INTERNAL|^\s+at .*:\d+:\d+/m, where);
  nothingIsLost(now, before, end, where);
  assert.ok([0, 1, 78].includes(exitCode), where);
  if (exitCode === 0) assert.equal(now, end, where);
  if (what === undefined) assert.is(exitCode, 0, where);
  if (exitCode !== 0) assert.match(stdout, /\[?[EW]_[A-Z_]+\]?/, where);
  const begun = isBegun({ stdout });
  if (exitCode === 78) assert.not.ok(begun, where);
  if (!begun) {
    assert.equal(now, before, where);
    return;
  }
  const failed = [...stdout.matchAll(/^.*"type":"step_errored".*$/gm)].map(([line]) =>
    String(JSON.parse(line).step.id),
  );
  for (const name of ["demo", "other"]) {
    const isHit = failed.some((id) => id.startsWith("depmod:") || id.includes(`:${name}/`));
    const own = (objects: Objects) => [...objects].filter(([file]) => file.startsWith(name));
    if (!isHit) assert.equal(own(now), own(end), `${name} is done; ${where}`);
    else
      assert.ok(
        [own(before), own(end)].some((all) => same(all, own(now))),
        `${name} is whole; ${where}`,
      );
  }
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** In one line what happened; and what the next run will do, which a plan tells too. */
async function checkHistory(tree: TreeBuilder, { exitCode, stdout }: HitRun, where: string): Promise<void> {
  const ask = async (...words: readonly string[]) => {
    const { stdout: document, stderr } = await runProgram(process.execPath, [
      cli,
      ...words,
      "--json",
      "--root",
      tree.root,
    ]);
    assert.is.not(document, "", stderr);
    return JSON.parse(document);
  };
  const { runs, next }: HistoryDocument = await ask("history", "--last", "1");
  const { steps, blocked }: PlanDocument = await ask("plan");
  const told = `${where}\n${next}\n${steps.map(({ id }) => id).join("\n")}`;
  const foretold =
    blocked.length > 0
      ? /leaves what failed alone|looks again/
      : /has nothing to do|compares everything|goes on from what is there/;
  assert.match(next ?? "", steps.length > 0 ? /tries again|goes on|takes up|compares everything/ : foretold, told);
  if (exitCode === 78) assert.is(runs[0]?.ending ?? "refused", "refused", told);
  if (exitCode !== 1 || !isBegun({ stdout })) return;
  const said = `${runs[0]?.message}\n${next}`;
  assert.match(said, /^(failed at .* \[E_|cut off |\d+ steps? done .*still to make).*\nThe next apply .*\.$/, where);
}
