import { spawnSync } from "node:child_process";

/** One side of a comparison: a command that is started again and again. */
export interface Contestant {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Done before each round, outside the time that is taken. */
  readonly before?: () => void;
}

export interface Measurement {
  readonly name: string;
  /** Wall time in milliseconds. */
  readonly medianMs: number;
  readonly fastestMs: number;
  /** What the command printed in its last round. */
  readonly stdout: string;
}

/**
 * Runs the commands in turns, one round after another, so that whatever else the machine does slows all of them alike;
 * a first round, which fills the caches, does not count. A command that fails is a throw: its time means nothing.
 */
export function measure(contestants: readonly Contestant[], rounds: number): Measurement[] {
  const times = contestants.map((): number[] => []);
  const outputs = contestants.map(() => "");
  for (let round = 0; round <= rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      const { ms, stdout } = time(contestant);
      if (round > 0) times[index]?.push(ms);
      outputs[index] = stdout;
    }
  }
  return contestants.map(({ name }, index) => {
    const own = times[index] ?? [];
    return { name, medianMs: median(own), fastestMs: Math.min(...own), stdout: outputs[index] ?? "" };
  });
}

function time({ name, command: [file, ...args], before }: Contestant): { ms: number; stdout: string } {
  before?.();
  const started = performance.now();
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  const ms = performance.now() - started;
  if (error) throw error;
  if (status !== 0) throw new Error(`${name} failed with ${status}:\n${stdout}${stderr}`);
  return { ms, stdout };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
