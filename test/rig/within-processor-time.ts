import process from "node:process";
import * as assert from "uvu/assert";

/**
 * What the work answers, which must not take more milliseconds of processor time than that: what else the machine does does
 * not count, nor does a processor that is slower, or more shared, than that of the machine that the limits were set on.
 */
export function withinProcessorTime<T>(limitMs: number, work: () => T): T {
  const { answer, ms } = measured(work);
  if (ms >= limitMs) {
    const slowness = Math.max(1, referenceNow() / referenceMs);
    assert.ok(ms < limitMs * slowness, `took ${ms} ms of processor time, of ${limitMs * slowness}`);
  }
  return answer;
}

/** What {@link countWords} takes on that machine. */
const referenceMs = 15;

/** The first rounds are compiled on the way, and tell nothing of the processor. */
function referenceNow(): number {
  return Math.min(...Array.from({ length: 4 }, () => measured(countWords).ms));
}

function countWords(): void {
  const words = new Map<string, number>();
  for (let round = 0; round < 60_000; round++) {
    const word = `${(round * 7919) % 20_011}:${round % 3}`;
    words.set(word, (words.get(word) ?? 0) + word.length);
  }
}

function measured<T>(work: () => T): { readonly answer: T; readonly ms: number } {
  const before = process.cpuUsage();
  const answer = work();
  const { user, system } = process.cpuUsage(before);
  return { answer, ms: (user + system) / 1000 };
}
