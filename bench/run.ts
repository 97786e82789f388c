import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Bench, Comparison, Findings } from "./bench.ts";
import { buildInstall } from "./build-install.ts";
import { fourKernels } from "./four-kernels.ts";
import { growth } from "./growth.ts";
import { kernelUpgrade } from "./kernel-upgrade.ts";
import type { Measurement } from "./measure.ts";
import { noOp } from "./no-op.ts";
import { plot } from "./plot.ts";
import { startUp } from "./start-up.ts";
import { status } from "./status.ts";
import { tarballs } from "./tarballs.ts";

const benches: readonly Bench[] = [status, buildInstall, startUp, noOp, growth, tarballs, kernelUpgrade, fourKernels];

/**
 * Runs the benches whose name contains one of the words, or all of them, and prints their ratios. With `--out DIRECTORY`
 * they are also written there: bench.json, and a drawing of each cost that grows.
 */
function main(args: readonly string[]): void {
  const { values, positionals: words } = parseArgs({
    args: [...args],
    options: { out: { type: "string" } },
    allowPositionals: true,
  });
  const chosen = benches.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  const found = chosen.map((bench): Ran => {
    const directory = mkdtempSync(join(tmpdir(), "dkms-agent-bench-"));
    try {
      const findings = bench.run(directory);
      process.stdout.write(`${report(bench, findings)}\n`);
      return { bench, findings };
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
  if (values.out !== undefined) writeOut(values.out, found);
}

interface Ran {
  readonly bench: Bench;
  readonly findings: Findings;
}

function writeOut(directory: string, found: readonly Ran[]): void {
  mkdirSync(directory, { recursive: true });
  const documents = found.map(({ bench: { name, question }, findings }) => {
    const comparisons = findings.comparisons.map(({ ours, theirs, target, least }) => ({
      ours: times(ours),
      theirs: times(theirs),
      ratio: ours.fastestMs / theirs.fastestMs,
      ...(target !== undefined && { target }),
      ...(least && { least: times(least) }),
    }));
    return { name, question, comparisons, series: findings.series ?? [], notes: findings.notes ?? [] };
  });
  writeFileSync(join(directory, "bench.json"), `${JSON.stringify(documents, undefined, 2)}\n`);
  for (const { bench, findings } of found)
    if (findings.series) writeFileSync(join(directory, `${bench.name}.svg`), plot(bench.question, findings.series));
}

function times({ name, medianMs, fastestMs }: Measurement) {
  return { name, median_ms: medianMs, fastest_ms: fastestMs };
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
