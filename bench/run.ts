import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench, Comparison, Findings } from "./bench.ts";
import { buildInstall } from "./build-install.ts";
import { kernelUpgrade } from "./kernel-upgrade.ts";
import { noOp } from "./no-op.ts";
import { startUp } from "./start-up.ts";
import { status } from "./status.ts";
import { tarballs } from "./tarballs.ts";

const benches: readonly Bench[] = [status, buildInstall, startUp, noOp, tarballs, kernelUpgrade];

/** Runs the benches whose name contains one of the words, or all of them, and prints their ratios. */
function main(words: readonly string[]): void {
  const chosen = benches.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  for (const bench of chosen) {
    const directory = mkdtempSync(join(tmpdir(), "dkms-agent-bench-"));
    try {
      process.stdout.write(`${report(bench, bench.run(directory))}\n`);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
}

function report({ name, question }: Bench, { comparisons, notes = [] }: Findings): string {
  return [`${name}: ${question}`, ...comparisons.flatMap(compare), ...notes.map((note) => `  ${note}`), ""].join("\n");
}

function compare({ ours, theirs, target, least }: Comparison): string[] {
  const rows = [ours, theirs].map(
    (one) =>
      `  ${one.name.padEnd(34)} median ${one.medianMs.toFixed(0).padStart(6)} ms, fastest ${one.fastestMs.toFixed(0).padStart(6)} ms`,
  );
  // The fastest rounds are those that the rest of the machine disturbed least.
  const ratio = ours.fastestMs / theirs.fastestMs;
  const aim = target === undefined ? "" : `; target: ${inWords(target)}${ratio <= target ? "" : " (MISSED)"}`;
  const limit = least && `  The limit is ${least.name}: ${inWords(least.fastestMs / theirs.fastestMs)}`;
  return [...rows, `  ${ours.name}: ${inWords(ratio)} of ${theirs.name}${aim}`, ...(limit ? [limit] : [])];
}

function inWords(ratio: number): string {
  return ratio < 0.5 ? `1/${(1 / ratio).toFixed(1)} of the time` : `${ratio.toFixed(2)} times the time`;
}

main(process.argv.slice(2));
