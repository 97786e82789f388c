import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { noOpApply } from "./no-op-apply.ts";
import { status } from "./status.ts";

const benches: readonly Bench[] = [status, noOpApply];

/** Runs the benches whose name contains one of the words, or all of them, and prints one ratio for each. */
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

function report({ name, question }: Bench, measurements: ReturnType<Bench["run"]>): string {
  const [ours, theirs] = measurements;
  const ratio = ours.medianMs / theirs.medianMs;
  const verdict =
    ratio < 1 ? `takes 1/${(1 / ratio).toFixed(1)} of the time of` : `takes ${ratio.toFixed(1)} times as long as`;
  const rows = measurements.map(
    (one) =>
      `  ${one.name.padEnd(24)} median ${one.medianMs.toFixed(0).padStart(6)} ms, fastest ${one.fastestMs.toFixed(0).padStart(6)} ms`,
  );
  return [`${name}: ${question}`, ...rows, `  ${ours.name} ${verdict} ${theirs.name}`, ""].join("\n");
}

main(process.argv.slice(2));
